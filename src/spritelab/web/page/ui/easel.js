// A sprite to be edited pixel by pixel: colours painted on it, and pixels selected, by pointer or keys.

import { codeOf } from "./colour_code.js";
import { $, el, paint, spriteCanvas } from "./dom.js";
import { text } from "./strings.js";

const SIDE = 320, NARROW = 288; // CSS pixels of the sprite
const UNDONE = 100; // strokes that can be undone
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Easel {
  /** @param changed is called whenever pixels, selection or colour are others */
  constructor(changed) {
    this.changed = changed;
    this.frame = $("easel");
    this.tool = "paint";
    this.frame.addEventListener("pointerdown", event => this.press(event));
    this.frame.addEventListener("pointermove", event => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.frame.addEventListener(end, () => (this.last = null));
    this.frame.addEventListener("keydown", event => this.key(event));
    this.frame.addEventListener("focus", () => this.showOver());
    this.frame.addEventListener("blur", () => this.showOver());
    addEventListener("resize", () => this.canvas && this.show());
  }

  /** Take a sprite: RGBA bytes of size × size pixels. */
  open(pixels, size) {
    Object.assign(this, { size, pixels: pixels.slice(), mask: new Uint8Array(size * size), undone: [] });
    this.at = [size >> 1, size >> 1];
    this.last = null;
    this.canvas = spriteCanvas(size, innerWidth < 420 ? NARROW : SIDE);
    this.over = el("canvas", { className: "over" });
    this.frame.replaceChildren(this.canvas, this.over);
    this.show();
  }

  show() {
    paint(this.canvas, this.pixels);
    this.showOver();
    this.changed();
  }

  // What is done to pixels

  /** Begin a stroke at [x, y]. */
  begin([x, y]) {
    const was = this.mask[y * this.size + x];
    this.selecting = was ? 0 : 1; // a stroke that begins on a selected pixel takes out of the selection
    this.undone.push({ pixels: this.pixels.slice(), mask: this.mask.slice() });
    if (this.undone.length > UNDONE) this.undone.shift();
  }

  touch([x, y]) {
    const i = y * this.size + x;
    if (this.tool === "select") this.mask[i] = this.selecting;
    else if (this.tool === "paint") this.pixels.set(this.colour, 4 * i);
    else this.colour = [...this.pixels.subarray(4 * i, 4 * i + 4)];
  }

  /** Select exactly the pixels for which `chosen(r, g, b, a)` is true. */
  selectWhere(chosen) {
    this.begin([0, 0]);
    this.mask = this.mask.map((_, i) => Number(chosen(...this.pixels.subarray(4 * i, 4 * i + 4))));
    this.show();
  }

  undo() {
    Object.assign(this, this.undone.pop() ?? {});
    this.show();
  }

  // Pointer and keys

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const along = (value, start, length) =>
      Math.min(Math.max(Math.floor(((value - start) / length) * this.size), 0), this.size - 1);
    return [along(event.clientX, box.left, box.width), along(event.clientY, box.top, box.height)];
  }

  press(event) {
    if (event.button !== 0) return;
    this.frame.setPointerCapture(event.pointerId);
    this.at = this.last = this.place(event);
    this.begin(this.at);
    this.touch(this.at);
    this.show();
  }

  /** A quick hand skips pixels: all on the line from the last one are touched. */
  drag(event) {
    if (!this.last) return;
    const to = this.place(event), [x, y] = this.last;
    const steps = Math.max(Math.abs(to[0] - x), Math.abs(to[1] - y));
    if (!steps) return;
    for (let i = 1; i <= steps; i++) {
      this.touch([Math.round(x + ((to[0] - x) * i) / steps), Math.round(y + ((to[1] - y) * i) / steps)]);
    }
    this.at = this.last = to;
    this.show();
  }

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.undo();
      return;
    }
    const way = KEYS[event.key];
    if (!way && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (way) this.at = this.at.map((value, i) => Math.min(Math.max(value + way[i], 0), this.size - 1));
    if (!way) this.begin(this.at);
    // With Shift the stroke that was begun goes on.
    if (!way || (event.shiftKey && this.undone.length)) this.touch(this.at);
    this.show();
    $("easel-told").textContent = this.told();
  }

  /** The pixel under the cursor, in words. */
  told() {
    const [x, y] = this.at, i = y * this.size + x;
    return text.edit.pixel(x, y, codeOf(this.pixels.subarray(4 * i, 4 * i + 4)), Boolean(this.mask[i]));
  }

  // What lies over the sprite: the selection, hatched, and the cursor of the keys

  showOver() {
    if (!this.canvas) return;
    const box = this.canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
    const factor = Math.max(1, Math.round((box.width * ratio) / this.size)), whole = factor * this.size;
    Object.assign(this.over, { width: whole, height: whole });
    this.over.style.width = this.over.style.height = `${whole / ratio}px`;
    const pen = this.over.getContext("2d");
    this.mask.forEach((on, i) => on && hatch(pen, (i % this.size) * factor, Math.floor(i / this.size) * factor, factor));
    if (document.activeElement !== this.frame) return;
    const [x, y] = this.at.map(value => value * factor);
    for (const [inset, shade] of [[0, "#000"], [1, "#fff"]]) {
      pen.strokeStyle = shade;
      pen.strokeRect(x + inset + 0.5, y + inset + 0.5, factor - 2 * inset - 1, factor - 2 * inset - 1);
    }
  }
}

/** Light and dark stripes, to be seen on any colour. */
function hatch(pen, x, y, factor) {
  const width = Math.max(1, Math.round(factor / 8));
  for (let row = 0; row < factor; row++) {
    for (let column = 0; column < factor; column++) {
      const stripe = Math.floor((row + column) / width) % 4;
      if (stripe > 1) continue;
      pen.fillStyle = stripe ? "#fff" : "#d0338f";
      pen.fillRect(x + column, y + row, 1, 1);
    }
  }
}

/** A selection as digits of 16 pixels … and back, for the address. */
export function maskToText(mask) {
  const digits = Array.from({ length: mask.length / 4 }, (_, i) =>
    mask.subarray(4 * i, 4 * i + 4).reduce((sum, on) => 2 * sum + on, 0).toString(16));
  return digits.join("");
}

/** null for a text that is no selection of so many pixels. */
export function maskFromText(text_, length) {
  if (!/^[0-9a-f]+$/.test(text_) || text_.length * 4 !== length) return null;
  return Uint8Array.from({ length }, (_, i) => (Number.parseInt(text_[i >> 2], 16) >> (3 - (i & 3))) & 1);
}
