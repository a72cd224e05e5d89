// The paths of the samplers, in the plane that holds most of them.

import { text } from "./strings.js";
import { svg, through } from "./svg.js";

const HEIGHT = 300, MARGIN = 36, MOST_DOTS = 120;

/**
 * Draw the paths.
 * @param paths  { points, share }, see engine/paths.js
 * @param at     for each side how many steps it has made at the t that is shown
 * @param names  of the sides
 * @param width  in CSS pixels
 */
export function drawPaths({ points, share }, at, names, width) {
  const all = points.flat(), low = [0, 1].map(k => Math.min(...all.map(one => one[k])));
  const high = [0, 1].map(k => Math.max(...all.map(one => one[k])));
  // Both ways on one scale: lengths can be compared.
  const scale = Math.min((width - 2 * MARGIN) / (high[0] - low[0] || 1), (HEIGHT - 2 * MARGIN) / (high[1] - low[1] || 1));
  const place = ([u, v]) => [
    width / 2 + scale * (u - (low[0] + high[0]) / 2), HEIGHT / 2 - scale * (v - (low[1] + high[1]) / 2),
  ];
  const picture = svg("svg", {
    width, height: HEIGHT, role: "img", class: "chart paths", "aria-label": text.watch.paths_chart(names, share),
  });
  const labels = [];
  points.forEach((path, side) => {
    const placed = path.map(place), [x, y] = placed.at(-1);
    picture.append(svg("path", { class: `path side-${side}`, d: through(placed) }));
    if (path.length <= MOST_DOTS) {
      picture.append(...placed.map(([cx, cy]) => svg("circle", { class: `dot side-${side}`, cx, cy, r: 2 })));
    }
    const end = x > width - 90 ? "end" : "start";
    // Ends lie close where the sprites are alike; their names lie neither on each other nor outside.
    const first = y + (side % 2 ? 16 : -8), away = side % 2 ? 15 : -15;
    const free = line => line > 12 && line < HEIGHT - 4 &&
      !labels.some(one => Math.abs(one[0] - x) < 70 && Math.abs(one[1] - line) < 15);
    const line = [0, 1, 2, 3, -1, -2, -3, -4].map(k => first + k * away).find(free) ?? first;
    labels.push([x, line]);
    picture.append(svg("text", {
      x: x + (end === "end" ? -8 : 8), y: line, "text-anchor": end, class: `name side-${side}`,
    }, names[side]));
  });
  const [x, y] = place(points[0][0]);
  picture.append(svg("circle", { class: "start", cx: x, cy: y, r: 5 }));
  const index = svg("tspan", { dy: 3, "font-size": 10 }, "T");
  picture.append(svg("text", { x: x + 9, y: y - 8, class: "name" }, "x", index));
  points.forEach((path, side) => {
    const [cx, cy] = place(path[Math.min(at[side], path.length - 1)]);
    picture.append(svg("circle", { class: `here side-${side}`, cx, cy, r: 5 }));
  });
  return picture;
}
