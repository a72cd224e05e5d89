// The place where a model learns the visitor's sprites: what is in them, three choices, the runs.

import { $, el } from "../ui/dom.js";
import { text } from "../ui/strings.js";
import { call, upload } from "./api.js";
import { ACCEPT, chosenFiles, droppedFiles, gather } from "./gather.js";
import { Runs } from "./runs.js";
import { SetView } from "./set.js";

const NOTHING = "";

export class TrainPlace {
  /** @param renewed is called when there may be other models */
  constructor(renewed) {
    this.words = text.train;
    this.models = [];
    this.upload = null;
    this.fields = {};
    this.set = new SetView();
    this.runs = new Runs(() => this.fillModels().then(renewed));
    this.form = this.buildForm();
    this.section = el("section", { id: "train", className: "place", hidden: true, "aria-labelledby": "train-title" },
      el("div", { className: "prose" }, el("h1", { id: "train-title", textContent: this.words.heading }),
        el("p", { textContent: this.words.intro })),
      el("div", { className: "columns" }, this.form, el("div", { className: "stack" }, this.set.panel, this.runs.panel)));
    this.drops();
  }

  /** The models of Draw do not matter here. */
  use() {}

  async shown() {
    history.replaceState(null, "", "#train");
    await Promise.all([this.fillModels(), this.runs.look()]);
  }

  // The form

  buildForm() {
    const words = this.words;
    this.folder = el("input", { type: "file", webkitdirectory: true, hidden: true, id: "train-folder" });
    this.file = el("input", { type: "file", multiple: true, accept: ACCEPT, hidden: true, id: "train-file" });
    const choose = (input, name) => {
      input.addEventListener("change", () => this.take(chosenFiles(input)).finally(() => (input.value = "")));
      const button = el("button", { type: "button", textContent: name });
      button.addEventListener("click", () => input.click());
      return [button, input];
    };
    this.chosen = el("p", { className: "hint", role: "status", textContent: words.drop });
    const options = pairs => pairs.map(([value, textContent]) => el("option", { value, textContent }));
    const input = (id, more) => el("input", { id: `train-${id}`, ...more });
    const select = (id, pairs) => el("select", { id: `train-${id}` }, ...options(pairs));
    const tile = this.field("tile", words.tile, input("tile", { type: "number", min: 1, max: 512, value: 16 }));
    this.reading = el("div", { className: "part", hidden: true },
      el("div", { className: "row" },
        this.field("cut", words.cut, select("cut", Object.entries(words.cuts)), "grow"), tile,
        this.field("size", words.size, select("size", ["", "16", "32"].map(size => [size, words.sizes[size]])), "grow")),
      this.check("pad", words.pad), this.check("snap", words.snap));
    this.reading.addEventListener("change", () => this.look());
    this.choices = el("div", { className: "part", hidden: true },
      this.field("minutes", words.minutes, input("minutes", { type: "number", min: 0.5, max: 1440, step: "any", value: 10 })),
      this.field("init", words.init, select("init", [])),
      el("p", { className: "hint", textContent: words.init_hint }),
      this.check("palette", words.palette, true),
      el("p", { className: "hint", id: "train-palette-hint" }),
      this.check("mirror", words.mirror),
      this.field("name", words.name, input("name", { maxLength: 40, required: true })),
      el("p", { className: "error", id: "train-error", role: "alert" }),
      el("div", { className: "go" }, el("button", { type: "submit", className: "primary", textContent: words.go })));
    const form = el("form", { className: "controls", autocomplete: "off", noValidate: true },
      this.group("file", words.sprites, el("div", { className: "row" }, ...choose(this.folder, words.folder), ...choose(this.file, words.file)),
        this.chosen),
      this.reading, this.choices);
    form.addEventListener("submit", event => {
      event.preventDefault();
      this.begin();
    });
    this.fields.init.addEventListener("change", () => this.showPalette());
    this.showCut();
    return form;
  }

  /** A labelled control, with room for what is wrong with it. */
  field(name, label, control, className = "") {
    this.fields[name] = control;
    control.setAttribute("aria-describedby", `train-${name}-error`);
    return el("div", { className: `field ${className}`, "data-field": name },
      el("label", { for: control.id, textContent: label }), control, this.error(name));
  }

  check(name, label, checked = false) {
    const control = el("input", { type: "checkbox", id: `train-${name}`, checked });
    this.fields[name] = control;
    return el("div", { className: "check" }, control, el("label", { for: control.id, textContent: label }), this.error(name));
  }

  group(name, label, ...inside) {
    return el("fieldset", { className: "field" }, el("legend", { textContent: label }), ...inside, this.error(name));
  }

  error(name) {
    return el("p", { className: "error", id: `train-${name}-error`, role: "alert" });
  }

  /** Say what is wrong beside its field; what has none, below. */
  tell(refusal, otherwise = "train-error") {
    for (const one of this.section.querySelectorAll(".controls .error")) one.textContent = "";
    for (const control of Object.values(this.fields)) control.removeAttribute("aria-invalid");
    if (!refusal) return;
    const known = Object.entries(refusal.errors ?? {}).filter(([name]) => $(`train-${name}-error`));
    for (const [name, message] of known) {
      $(`train-${name}-error`).textContent = plain(message);
      this.fields[name]?.setAttribute("aria-invalid", "true");
    }
    this.fields[known[0]?.[0]]?.focus();
    if (!known.length) $(otherwise).textContent = plain(refusal.message);
  }

  // The sprites

  drops() {
    const over = on => event => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.section.classList.toggle("over", on);
    };
    this.section.addEventListener("dragover", over(true));
    this.section.addEventListener("dragleave", over(false));
    this.section.addEventListener("drop", event => {
      over(false)(event);
      droppedFiles(event.dataTransfer).then(files => this.take(files));
    });
  }

  async take(files) {
    if (!files.length) return;
    this.tell(null);
    this.reading.hidden = this.choices.hidden = true;
    this.set.clear();
    const before = this.upload;
    this.upload = null;
    try {
      const packed = await gather(files, (done, n) => (this.chosen.textContent = this.words.packing(done, n)));
      if (!packed) throw new Error(this.words.no_pictures);
      this.upload = await upload(packed.name, packed.content, share => (this.chosen.textContent = this.words.sending(share)));
      this.chosen.textContent = this.upload.name;
    } catch (error) {
      this.chosen.textContent = this.words.drop;
      this.tell({ message: error.message, errors: { file: error.message, ...error.errors } });
      return;
    }
    if (before) call(`uploads/${before.id}`, { method: "DELETE" }).catch(() => {}); // a run may need it
    this.fields.name.value = await this.freeName(this.upload.name);
    const sheet = files.length === 1 && /\.(png|webp|bmp)$/i.test(files[0].path);
    this.fields.cut.value = sheet ? "tile" : "files";
    this.reading.hidden = false;
    await this.look();
  }

  /** Look at the sprites as they are to be read. */
  async look() {
    this.showCut();
    if (!this.upload) return;
    const width = Math.max(200, this.set.width());
    const query = new URLSearchParams(given({ ...this.howRead(), width }));
    const asked = (this.asked = query.toString());
    this.set.busy();
    try {
      const facts = await call(`uploads/${this.upload.id}/inspect?${query}`);
      if (asked !== this.asked) return;
      this.tell(null);
      this.set.show(facts);
      this.suggest(facts);
      this.choices.hidden = false;
    } catch (error) {
      if (asked !== this.asked) return;
      this.set.clear();
      this.choices.hidden = true;
      this.tell(error, "train-file-error");
    }
  }

  showCut() {
    this.fields.tile.closest(".field").hidden = this.fields.cut.value !== "tile";
  }

  howRead() {
    const { cut, tile, size, pad, snap } = this.fields;
    return {
      cut: cut.value, tile: cut.value === "tile" ? tile.value : null, size: size.value || null,
      pad: pad.checked || null, snap: snap.checked || null,
    };
  }

  // The choices

  async fillModels() {
    const { models } = await call("models");
    this.models = models;
    this.fillParents();
  }

  fillParents() {
    const select = this.fields.init, chosen = select.value;
    const named = this.models.map(({ name }) => [name, name === this.best ? this.words.best(name) : name]);
    select.replaceChildren(...[[NOTHING, this.words.nothing], ...named].map(([value, textContent]) => el("option", { value, textContent })));
    select.value = this.models.some(({ name }) => name === chosen) ? chosen : NOTHING;
    this.showPalette();
  }

  /** Of few sprites, the model that denoises them best; of many, none. */
  suggest({ parents, size }) {
    this.best = Object.keys(parents)[0] ?? null;
    this.fillParents();
    this.fields.init.value = this.best ?? NOTHING;
    this.fields.size.dataset.found = size;
    this.showPalette();
  }

  /** A model that is begun from has a palette, or none; from nothing it is for the visitor to say. */
  showPalette() {
    const parent = this.models.find(({ name }) => name === this.fields.init.value), { palette } = this.fields;
    if (parent) palette.checked = parent.has_palettes;
    else if (palette.disabled) palette.checked = true;
    palette.disabled = Boolean(parent);
    const hint = this.choices.querySelector("#train-palette-hint");
    hint.textContent = parent ? this.words.palette_fixed(parent.name) : this.words.palette_hint;
  }

  async freeName(name) {
    const { runs } = await call("runs"), taken = new Set(runs.map(run => run.name));
    let free = name;
    for (let i = 2; taken.has(free); i++) free = `${name.slice(0, 36)}-${i}`;
    return free;
  }

  async begin() {
    this.tell(null);
    const { minutes, init, palette, mirror, name } = this.fields;
    const read = this.howRead(), size = this.fields.size.value || this.fields.size.dataset.found;
    const json = given({
      ...read, tile: read.tile && Number(read.tile), size: Number(size), upload: this.upload.id, name: name.value,
      minutes: Number(minutes.value), init: init.value || null, palette: palette.checked, mirror: mirror.checked,
    });
    try {
      const run = await call("runs", { method: "POST", json });
      await this.runs.look(run.name);
      name.value = await this.freeName(name.value);
    } catch (error) {
      this.tell(error);
    }
  }
}

const given = values => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

/** Messages of the library name its parameters in backticks. */
const plain = message => message.replaceAll("`", "");
