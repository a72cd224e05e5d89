// One pixel of every side from noise to sprite: its colour in x_t and in x̂_0, over t.

import { codeOf } from "./colour_code.js";
import { el } from "./dom.js";
import { formula } from "./formulas.js";
import { text } from "./strings.js";

const WIDTH = 400; // moments that are told apart

/** The strips of all sides; `show` draws them. */
export class PixelHistory {
  /** @param names of the sides */
  constructor(box, names) {
    this.told = el("p", { className: "hint" });
    this.rows = names.map(name => ["x_t", "x0"].map(kind => {
      const canvas = el("canvas", { width: WIDTH, height: 1, className: "strip" });
      return { kind, canvas, row: el("div", { className: "strip-row" }, el("span", { textContent: name }), formula(kind), canvas) };
    }));
    box.replaceChildren(...this.rows.flat().map(one => one.row), this.told);
  }

  /**
   * Draw the history of a pixel.
   * @param sides      for each side its frames, noise first
   * @param at         [x, y]
   * @param t          the moment that is shown
   * @param timesteps  T
   */
  show(sides, [x, y], size, t, timesteps) {
    const e = 4 * (y * size + x), said = [];
    sides.forEach((frames, side) => {
      if (!frames.length) return;
      const moment = when => frames.findLast(one => one.t >= when) ?? frames[0];
      for (const { kind, canvas } of this.rows[side]) {
        const pixels = new Uint8ClampedArray(WIDTH * 4);
        for (let column = 0; column < WIDTH; column++) {
          const frame = moment(timesteps - 1 - Math.round((column / (WIDTH - 1)) * timesteps));
          pixels.set(frame[kind].subarray(e, e + 4), 4 * column);
        }
        canvas.getContext("2d").putImageData(new ImageData(pixels, WIDTH, 1), 0, 0);
        if (kind === "x0") said.push(codeOf(moment(t)[kind].subarray(e, e + 4)));
      }
    });
    this.told.textContent = text.watch.pixel_told(x, y, said);
  }
}
