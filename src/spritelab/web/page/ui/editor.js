// One sprite taken up again: varied, drawn anew, or filled in where it is selected.

import { parseHex } from "../engine/palettes.js";
import { ask, stop } from "./client.js";
import { codeOf } from "./colour_code.js";
import { $, clamp, el, randomSeed, swatch } from "./dom.js";
import { Easel, maskFromText, maskToText } from "./easel.js";
import { PRESETS } from "./presets.js";
import { text } from "./strings.js";
import { Tiles } from "./tiles.js";

const WAYS = ["vary", "redraw", "fill"];
const TOOLS = ["paint", "pick", "select"];
const PICTURE = "picture", NOISE = "noise"; // what a sprite is drawn anew from
const MOST_PAINTS = 48;
const JUMP = 2, RESAMPLINGS = 5; // as `spritelab steer inpaint`

export class Editor {
  /** @param place Draw, whose model, settings and tray are used */
  constructor(place) {
    this.place = place;
    this.section = $("editor");
    this.easel = new Easel(() => this.showEasel());
    this.tiles = new Tiles($("edits"), () => this.showSelection());
    this.run = 0;
    this.told = {};
    this.chips("ways", WAYS, "way", () => this.showWay());
    this.chips("tools", TOOLS, "tool", () => (this.easel.tool = this.tool));
    $("edit-strength").addEventListener("input", () => this.showWay());
    $("edit-from").addEventListener("change", () => this.showWay());
    $("edit-form").addEventListener("submit", event => {
      event.preventDefault();
      this.go();
    });
    const clicks = {
      "edit-close": () => this.leave(), "edit-stop": stop, "edit-undo": () => this.easel.undo(),
      "edit-transparent": () => this.easel.selectWhere((r, g, b, a) => a === 0),
      "edit-nothing": () => this.easel.selectWhere(() => false),
      "edit-dice": () => ($("edit-seed").value = randomSeed()),
      "edit-keep": () => this.keep(), "edit-keep-own": () => this.keepOwn(),
      "edit-this": () => this.open(this.tiles.selected()[0]), "edit-none": () => this.tiles.select(() => false),
    };
    for (const [id, done] of Object.entries(clicks)) $(id).addEventListener("click", done);
    $("edit-dice").setAttribute("aria-label", text.draw.dice);
    $("edit-dice").title = text.draw.dice;
    $("edit-from").append(...[PICTURE, NOISE].map(value => el("option", { value, textContent: text.edit.from_[value] })));
    const names = [["", text.edit.own_colours], ...Object.keys(PRESETS).map(name => [name, name])];
    $("edit-palette").append(...names.map(([value, textContent]) => el("option", { value, textContent })));
  }

  /** Buttons of which one is pressed; which one is `this[name]`. */
  chips(id, values, name, chosen) {
    const show = value => {
      this[name] = value;
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(values[i] === value)));
      chosen();
    };
    const buttons = values.map(value => {
      const button = el("button", { type: "button", className: "chip", textContent: text.edit[value] });
      button.addEventListener("click", () => show(value));
      return button;
    });
    $(id).append(...buttons);
    this[`${name}Chosen`] = show;
    this[name] = values[0];
  }

  use(model, facts, settings) {
    Object.assign(this, { model, facts, linked: settings.has("edit") ? settings : null });
    this.close();
    $("edit-class").replaceChildren(...[...facts.classNames, "none"].map(value => el("option", {
      value, textContent: value === "none" ? text.draw.no_class : value,
    })));
    $("edit-palette-field").hidden = !facts.palettes;
    $("ways").hidden = facts.distilled;
  }

  /** Open what the address names, once it is drawn, and draw what it asks for. */
  openAsLinked(tiles) {
    const settings = this.linked, tile = settings && tiles[Number(settings.get("edit"))];
    this.linked = null;
    if (!tile) return;
    this.open(tile, false);
    const take = (id, name) => settings.has(name) && ($(id).value = settings.get(name));
    take("edit-strength", "strength");
    if (!this.facts.distilled) take("edit-from", "from");
    take("edit-class", "to");
    take("edit-palette", "in");
    take("edit-seed", "noise");
    take("edit-count", "drawings");
    const mask = maskFromText(settings.get("mask") ?? "", this.facts.size ** 2);
    if (mask) this.easel.mask = mask;
    if (!this.facts.distilled) this.wayChosen(WAYS.includes(settings.get("by")) ? settings.get("by") : WAYS[0]);
    this.easel.show();
    if (settings.has("by")) this.go();
  }

  /** Take up a sprite: a tile of Draw, or one that was drawn from one. */
  open(tile, focused = true) {
    this.tile = tile;
    this.section.hidden = false;
    $("editor-title").textContent = text.edit.title(tile.name);
    $("edit-status").textContent = $("edit-error").textContent = "";
    this.tiles.lay(0, this.facts.size);
    this.easel.colour = [0, 0, 0, 255];
    this.easel.open(tile.pixels, this.facts.size);
    this.extra = (tile.palette ?? []).map(asColour);
    this.easel.colour = this.paints().find(colour => colour[3]) ?? this.easel.colour;
    this.easel.changed();
    $("edit-class").value = typeof tile.label === "string" ? tile.label : "none";
    // A student starts from noise alone: from the sprite's own, where it has one.
    const { distilled } = this.facts, noiseless = tile.seed === undefined;
    $("edit-form").hidden = distilled && noiseless;
    $("edit-from-field").hidden = distilled || noiseless;
    $("edit-from").value = distilled ? NOISE : PICTURE;
    if (distilled) this.way = "redraw";
    this.toolChosen(this.way === "fill" ? "select" : "paint");
    this.wayChosen(this.way);
    this.told = tile.seed === undefined ? this.told : { edit: tile.number };
    this.place.tell();
    if (!focused) return;
    this.section.scrollIntoView({ block: "nearest" });
    this.easel.frame.focus({ preventScroll: true });
  }

  leave() {
    this.close();
    this.place.tell();
    (this.place.tiles.selected()[0] ?? this.place.tiles.all[0])?.button.focus();
  }

  close() {
    if (!$("edit-stop").hidden) stop();
    this.run++;
    this.section.hidden = true;
    $("edit-stop").hidden = true;
    this.tile = null;
    this.told = {};
  }

  /** What the address says of it. */
  settings() {
    return this.told;
  }

  // What is shown

  showWay() {
    if (!this.tile) return;
    const fill = this.way === "fill", anew = this.way === "redraw", noise = anew && $("edit-from").value === NOISE;
    $("edit-hint").textContent = text.edit[`${this.facts.distilled ? "student" : this.way}_hint`];
    $("edit-strength-field").hidden = fill || noise;
    $("edit-anew").hidden = !anew;
    $("edit-selecting").hidden = !fill;
    $("edit-count").disabled = $("edit-seed").disabled = $("edit-dice").disabled = noise;
    if (fill && this.tool !== "select") this.toolChosen("select");
    const t = Math.max(0, Math.round(Number($("edit-strength").value) * this.facts.timesteps) - 1);
    $("edit-t").textContent = `t = ${t}`;
  }

  /** The colours to paint with: those of the sprite, and of its palette. */
  paints() {
    const found = new Map([[0, [0, 0, 0, 0]]]), { pixels } = this.easel;
    if (this.facts.channels === 3) found.clear();
    const add = colour => found.set(colour[3] && colour.join(), colour);
    this.extra?.forEach(add);
    for (let i = 0; i < pixels.length && found.size < MOST_PAINTS; i += 4) add([...pixels.subarray(i, i + 4)]);
    return [...found.values()];
  }

  showEasel() {
    if (!this.tile) return;
    const { colour } = this.easel, code = codeOf(colour), focused = document.activeElement?.dataset.code;
    const buttons = this.paints().map(one => {
      const own = codeOf(one);
      const button = swatch(one, "button", {
        type: "button", title: own, "aria-label": own, "data-code": own, "aria-pressed": String(own === code),
      });
      if (!one[3]) Object.assign(button, { className: "swatch clear" }).style.background = "";
      button.addEventListener("click", () => {
        this.easel.colour = one;
        this.toolChosen("paint");
        this.showEasel();
      });
      return button;
    });
    $("paints").replaceChildren(...buttons);
    buttons.find(button => button.dataset.code === focused)?.focus();
    $("edit-undo").disabled = !this.easel.undone.length;
    $("edit-selected").textContent = text.edit.selected(this.easel.mask.reduce((sum, on) => sum + on, 0));
  }

  showSelection() {
    const n = this.tiles.selected().length;
    $("edit-selection").hidden = n === 0;
    $("edit-this").hidden = n !== 1;
    $("edit-selected-count").textContent = text.draw.selected(n);
  }

  // What is asked

  /** As requestGiven and engine/worker.js take it; from the sprite's own noise as makeRequest. */
  asked() {
    const { tile, easel, way } = this, label = way === "redraw" ? $("edit-class").value : tile.label;
    const chosen = way === "redraw" && this.facts.palettes && $("edit-palette").value;
    const palette = chosen ? parseHex(PRESETS[chosen]).colours : null;
    if (way === "redraw" && $("edit-from").value === NOISE) {
      return { seed: tile.seed, numbers: [tile.number], label, palette };
    }
    const n = clamp(Math.round($("edit-count").value || 1), 1, 100);
    $("edit-count").value = n;
    const shared = { seed: $("edit-seed").value, numbers: Array.from({ length: n }, (_, i) => i), label, palette };
    const given = { ...shared, pixels: easel.pixels };
    if (way === "fill") return { ...given, by: "inpaint", mask: easel.mask, jump: JUMP, resamplings: RESAMPLINGS };
    return { ...given, by: "redraw", strength: Number($("edit-strength").value) };
  }

  /** What cannot be drawn, in a line; "" if all is well. */
  wrong({ by, mask, pixels }) {
    if (by === "inpaint" && !mask.includes(1)) return text.edit.nothing_selected;
    const most = this.facts.palettes?.most, n = new Set(pixels ? colourNumbers(pixels) : []).size;
    return most && n > most ? text.edit.too_many(n, most) : "";
  }

  async go() {
    if (!/^\d{1,18}$/.test($("edit-seed").value)) $("edit-seed").value = "0";
    const asked = this.asked(), n = asked.numbers.length, { tile, way } = this;
    $("edit-error").textContent = this.wrong(asked);
    if ($("edit-error").textContent) return;
    if (this.told.edit !== undefined) this.told = this.link(asked);
    this.place.tell();
    if (!$("edit-stop").hidden) stop();
    const run = ++this.run;
    this.tiles.lay(n, this.facts.size);
    $("edit-stop").hidden = false;
    $("edit-status").textContent = text.draw.drawing(0, n);
    $("edits").scrollIntoView({ block: "nearest" });
    try {
      const request = { file: this.model.file, asked, how: this.place.sampling };
      const answer = await ask(asked.by ? "steer" : "draw", request, heard => run === this.run && this.hear(heard, tile, way, n));
      if (run !== this.run) return;
      this.tiles.leaveFinished();
      const done = this.tiles.all.length;
      $("edit-status").textContent =
        answer.kind === "done" ? text.edit.done(n, this.nfe, answer.seconds) : text.draw.stopped(done, n);
    } catch (error) {
      if (run === this.run) $("edit-status").textContent = text.failed(error.message);
    }
    if (run === this.run) $("edit-stop").hidden = true;
  }

  link({ by, strength, mask, label, seed, numbers }) {
    const anew = this.way === "redraw";
    return {
      edit: this.told.edit, by: this.way, strength, mask: mask && maskToText(mask),
      from: anew && !by ? NOISE : null, to: anew ? label : null, in: anew ? $("edit-palette").value : null,
      noise: by ? seed : null, drawings: by ? numbers.length : null,
    };
  }

  hear({ kind, ...heard }, tile, way, n) {
    if (kind === "begun") {
      this.nfe = heard.nfe;
      heard.sprites.forEach(({ label, palette, number }, i) => {
        const tag = label >= 0 ? this.facts.classNames[label] : "default";
        const name = `${tile.name}-${way}${$("edit-seed").value}.${number}`;
        const own = label >= 0 ? tag : tile.label;
        this.tiles.name(i, { tag, name, caption: String(number), said: text.draw.sprite(tag, number), label: own, palette });
      });
    } else if (kind === "step") {
      this.tiles.show(heard);
      if (heard.last) $("edit-status").textContent = text.draw.drawing(heard.first + heard.count, n);
    }
  }

  keep() {
    this.place.tray.add(this.tiles.kept(this.model.name));
    this.tiles.select(() => false);
  }

  /** The sprite as it was edited. */
  keepOwn() {
    const { name, tag } = this.tile, { pixels, size } = this.easel;
    this.place.tray.add([{ name, tag, size, pixels: pixels.slice(), model: this.model.name }]);
  }
}

/** A colour as the worker or the server tells it, as [r, g, b, a]. */
function asColour(colour) {
  const [r, g, b, a = 255] = typeof colour === "string" ? parseHex(colour).colours[0] : colour;
  return [r, g, b, a];
}

function* colourNumbers(pixels) {
  for (let i = 0; i < pixels.length; i += 4) yield pixels[i + 3] && pixels.subarray(i, i + 4).join();
}
