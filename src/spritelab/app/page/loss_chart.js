// The loss over the updates: a line for the training batches, smoothed, and points for held-out sprites.

import { text } from "../ui/strings.js";
import { svg } from "../ui/svg.js";

const WIDTH = 480, HEIGHT = 180, LEFT = 48, RIGHT = 12, TOP = 10, BOTTOM = 24;
const SMOOTHING = 0.15;

/**
 * Draw the chart.
 * @param losses       [{ step, loss }]
 * @param validations  [{ step, val_objective, val_loss }]
 */
export function lossChart(losses, validations) {
  let mean = null;
  const line = losses.map(({ step, loss }) => {
    mean = mean === null ? loss : (1 - SMOOTHING) * mean + SMOOTHING * loss;
    return [step, mean];
  });
  const points = validations.map(one => [one.step, one.val_objective ?? one.val_loss]);
  const all = [...line, ...points], values = all.map(([, value]) => value);
  const most = Math.max(...all.map(([step]) => step), 1);
  const { low, high } = range(values);
  const across = step => LEFT + (step / most) * (WIDTH - LEFT - RIGHT);
  const up = value => TOP + (1 - (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "chart loss",
    "aria-label": text.train.chart(losses.length, mean === null ? "–" : mean.toPrecision(3)),
  });
  for (const value of ticks(low, high)) {
    picture.append(svg("path", { class: "rule", d: `M${LEFT} ${up(value)}H${WIDTH - RIGHT}` }));
    picture.append(svg("text", { x: LEFT - 8, y: up(value) + 4, "text-anchor": "end" }, value.toPrecision(2)));
  }
  picture.append(svg("path", {
    class: "alpha", d: line.map(([step, value], i) => `${i ? "L" : "M"}${across(step).toFixed(1)} ${up(value).toFixed(1)}`).join(""),
  }));
  for (const [step, value] of points) picture.append(svg("circle", { class: "held-out", cx: across(step), cy: up(value), r: 3.5 }));
  picture.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, most.toLocaleString("en")));
  picture.append(svg("text", { x: LEFT, y: HEIGHT - 6 }, "0"));
  return picture;
}

/** From what to what the curve is shown, on a scale of logarithms. */
function range(values) {
  const positive = values.filter(value => value > 0);
  if (!positive.length) return { low: 0.1, high: 1 };
  const low = Math.min(...positive), high = Math.max(...positive);
  return { low: low / 1.15, high: Math.max(high, low * 1.3) * 1.15 };
}

/** Three round values in between. */
function ticks(low, high) {
  return [0.1, 0.5, 0.9].map(share => Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low))));
}
