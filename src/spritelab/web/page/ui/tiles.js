// Sprites as they appear: one tile each, to be selected, and reached by the arrow keys.

import { el, paint, spriteCanvas } from "./dom.js";

const SIDE = 96; // CSS pixels of a sprite
const MOST_FRAMES = 60; // of a denoising that are kept for a GIF

export class Tiles {
  /**
   * @param box      the element that they stand in
   * @param changed  is called whenever another selection is made, or there are other tiles
   */
  constructor(box, changed) {
    Object.assign(this, { box, changed, all: [] });
    box.addEventListener("keydown", event => this.move(event));
  }

  /** Empty tiles for n sprites of size × size pixels. */
  lay(n, size) {
    this.size = size;
    this.all = Array.from({ length: n }, (_, i) => {
      const canvas = spriteCanvas(size, SIDE), caption = el("span", { className: "caption" });
      const button = el("button", { type: "button", className: "tile", disabled: true, "aria-pressed": "false" },
        canvas, caption);
      const tile = { button, canvas, caption, number: i, frames: [], selected: false };
      button.addEventListener("click", () => this.select(one => (one === tile) !== one.selected));
      return tile;
    });
    this.box.replaceChildren(...this.all.map(tile => tile.button));
    this.changed();
  }

  /** Name a tile: { tag, name, caption, said, … }, which it keeps. */
  name(i, { caption, said, ...rest }) {
    const tile = Object.assign(this.all[i], rest);
    tile.caption.textContent = caption;
    tile.button.setAttribute("aria-label", said);
    tile.button.title = tile.name;
  }

  /** Show a step of a drawing, see engine/worker.js. */
  show({ first, count, last, pixels }) {
    const length = this.size ** 2 * 4;
    for (let i = 0; i < count; i++) {
      const tile = this.all[first + i], own = pixels.slice(i * length, (i + 1) * length);
      paint(tile.canvas, own);
      if (tile.frames.length < MOST_FRAMES || last) tile.frames.push(own);
      if (last) Object.assign(tile, { pixels: own }).button.disabled = false;
    }
    if (last) this.changed();
  }

  finished() {
    return this.all.filter(tile => tile.pixels);
  }

  /** Take away what was not finished. */
  leaveFinished() {
    this.all.filter(tile => !tile.pixels).forEach(tile => tile.button.remove());
    this.all = this.finished();
    this.changed();
  }

  /** Select the finished tiles for which `chosen` is true, and no others. */
  select(chosen) {
    for (const tile of this.all) {
      tile.selected = Boolean(tile.pixels && chosen(tile));
      tile.button.setAttribute("aria-pressed", String(tile.selected));
    }
    this.changed();
  }

  selected() {
    return this.all.filter(tile => tile.selected);
  }

  /** The selected sprites as the tray takes them. */
  kept(model) {
    return this.selected().map(({ name, tag, pixels }) => ({ name, tag, size: this.size, pixels, model }));
  }

  /** Arrow keys go from sprite to sprite. */
  move(event) {
    const there = this.all.map(tile => tile.button), at = there.indexOf(document.activeElement);
    const columns = there.filter(button => button.offsetTop === there[0]?.offsetTop).length;
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (at < 0 || way === undefined) return;
    event.preventDefault();
    there[at + way]?.focus();
  }
}

/** How a sprite of a class is called. */
export const tagOf = (label, classNames) => (label >= 0 ? classNames[label] : "default");
