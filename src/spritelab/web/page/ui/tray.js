// Sprites that are kept, in the browser's own store, and the files that they become.

import { encodePng } from "../files/png.js";
import { layOut, unique } from "../files/sheet.js";
import { encodeZip } from "../files/zip.js";
import { $, download, el, paint, spriteCanvas } from "./dom.js";
import { text } from "./strings.js";

const STORE = "spritelab.tray";
const SIDE = 48; // CSS pixels of a sprite

export class Tray {
  /** @param version of spritelab, for the sheet's JSON */
  constructor(version) {
    this.version = version;
    this.sprites = read();
    $("tray-sheet").addEventListener("click", () => this.sheet());
    $("tray-png").addEventListener("click", () => this.pngs());
    $("tray-clear").addEventListener("click", () => this.set([]));
    addEventListener("storage", ({ key }) => {
      if (key !== STORE) return; // another page of ours has changed it
      this.sprites = read();
      this.show();
    });
    this.show();
  }

  /** @param sprites { name, tag, size, pixels, model } each */
  add(sprites) {
    this.set([...this.sprites, ...sprites]);
  }

  set(sprites) {
    const before = this.sprites;
    this.sprites = sprites;
    try {
      write(sprites);
      this.show();
    } catch {
      this.sprites = before;
      this.show();
      $("tray-count").textContent = text.tray.full;
    }
  }

  show() {
    $("tray").hidden = !this.sprites.length;
    $("tray-count").textContent = text.tray.count(this.sprites.length);
    $("kept").replaceChildren(...this.sprites.map((sprite, i) => {
      const canvas = spriteCanvas(sprite.size, SIDE);
      paint(canvas, sprite.pixels);
      const button = el("button", {
        type: "button", className: "kept-one", title: sprite.name, "aria-label": text.tray.remove(sprite.name),
      }, canvas);
      button.addEventListener("click", () => {
        this.set(this.sprites.filter((_, j) => j !== i));
        ($("kept").querySelectorAll("button")[i] ?? $("kept").querySelector("button:last-child"))?.focus();
      });
      return el("li", {}, button);
    }));
  }

  /** Sheets with their JSON, one a size of sprite, in one archive. */
  async sheet() {
    const files = {};
    for (const size of new Set(this.sprites.map(sprite => sprite.size))) {
      const name = `sprites-${size}`;
      const sheet = layOut(this.sprites.filter(one => one.size === size), `${name}.png`, this.version);
      files[`${name}.png`] = await encodePng(sheet.pixels, sheet.width, sheet.height);
      files[`${name}.json`] = sheet.json;
    }
    download("sprites-sheet.zip", encodeZip(files), "application/zip");
  }

  /** Every sprite as a PNG of its own size; several in one archive. */
  async pngs() {
    const names = unique(this.sprites.map(sprite => sprite.name));
    const pngs = await Promise.all(this.sprites.map(one => encodePng(one.pixels, one.size, one.size)));
    if (pngs.length === 1) {
      download(`${names[0]}.png`, pngs[0], "image/png");
      return;
    }
    const files = Object.fromEntries(names.map((name, i) => [`${name}.png`, pngs[i]]));
    download("sprites.zip", encodeZip(files), "application/zip");
  }
}

function write(sprites) {
  const plain = sprites.map(({ pixels, ...rest }) => ({ ...rest, pixels: btoa(String.fromCharCode(...pixels)) }));
  localStorage.setItem(STORE, JSON.stringify(plain));
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "[]").map(({ pixels, ...rest }) => ({
      ...rest, pixels: Uint8ClampedArray.from(atob(pixels), character => character.charCodeAt(0)),
    }));
  } catch {
    return []; // written by another version
  }
}
