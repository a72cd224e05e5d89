// Curves of ᾱ and λ over t, with the steps that each sampler visits.

import { text } from "./strings.js";
import { svg } from "./svg.js";

const HEIGHT = 260, LEFT = 46, RIGHT = 34, TOP = 12, BOTTOM = 70;
const LAMBDA = 8; // λ is shown from -8 to 8

/**
 * Draw the chart.
 * @param facts  of the model
 * @param pairs  the pairs of DDPM and of DDIM
 * @param now    the t of the slider
 * @param WIDTH  in CSS pixels
 */
export function chart({ alphaBars, lambdas, timesteps }, pairs, now, WIDTH) {
  const inner = WIDTH - LEFT - RIGHT, height = HEIGHT - TOP - BOTTOM;
  // Noise on the left, as the samplers go.
  const across = t => LEFT + (1 - t / (timesteps - 1)) * inner;
  const line = (values, up, name) => svg("path", {
    class: name,
    d: Array.from(values, (value, t) => `${t ? "L" : "M"}${across(t).toFixed(1)} ${up(value).toFixed(1)}`).join(""),
  });
  const upAlpha = value => TOP + (1 - value) * height;
  const upLambda = value => TOP + (0.5 - Math.min(Math.max(value, -LAMBDA), LAMBDA) / (2 * LAMBDA)) * height;
  const label = (x, y, words, anchor, name) =>
    svg("text", { x, y, "text-anchor": anchor, class: name }, words);
  const picture = svg("svg", {
    width: WIDTH, height: HEIGHT, role: "img", class: "chart",
    "aria-label": text.watch.chart(pairs[0].length, pairs[1].length),
  });
  for (const share of [0, 0.5, 1]) {
    picture.append(svg("path", { class: "rule", d: `M${LEFT} ${upAlpha(share)}H${WIDTH - RIGHT}` }));
    picture.append(label(LEFT - 8, upAlpha(share) + 4, String(share), "end", "of-alpha"));
    picture.append(label(WIDTH - RIGHT + 8, upAlpha(share) + 4, String(2 * LAMBDA * share - LAMBDA), "start", "of-lambda"));
  }
  picture.append(line(alphaBars, upAlpha, "alpha"), line(lambdas, upLambda, "lambda"));
  picture.append(label(LEFT - 8, TOP + height / 4 + 4, text.watch.alpha_bar, "end", "of-alpha name"));
  picture.append(label(WIDTH - RIGHT + 8, TOP + height / 4 + 4, text.watch.lambda, "start", "of-lambda name"));
  ["DDPM", "DDIM"].forEach((name, side) => {
    const y = TOP + height + 12 + 18 * side;
    picture.append(label(LEFT - 8, y + 10, name, "end", "small"));
    const marks = pairs[side].map(([t]) => `M${across(t).toFixed(1)} ${y}v12`).join("");
    picture.append(svg("path", { class: `marks side-${side}`, d: marks }));
  });
  const axis = HEIGHT - 6;
  picture.append(label(LEFT, axis, `t = ${timesteps - 1}`, "start", "small"));
  picture.append(label(WIDTH - RIGHT, axis, "t = 0", "end", "small"));
  const x = across(Math.max(now, 0));
  picture.append(svg("path", { class: "now", d: `M${x} ${TOP}V${TOP + height + 44}` }));
  return picture;
}
