// The place where sprites are drawn: what is asked, and the sprites as they appear.

import { parseHex } from "../engine/palettes.js";
import { DEFAULT_SPACING } from "../engine/schedule.js";
import { encodeGif } from "../files/gif.js";
import { writeAddress } from "./address.js";
import { ClassChoice } from "./class_choice.js";
import { ask, stop } from "./client.js";
import { $, clamp, download, el, randomSeed, swatch } from "./dom.js";
import { Editor } from "./editor.js";
import { PRESETS } from "./presets.js";
import { SAMPLERS, text } from "./strings.js";
import { Tiles, tagOf } from "./tiles.js";

const OWN = "own", NO_CLASS = "none";
const USUAL_STEPS = { ddpm: 100, ddim: 50, dpm: 10 };

export class DrawPlace {
  constructor(tray) {
    this.section = $("draw");
    this.tray = tray;
    this.classes = new ClassChoice();
    this.tiles = new Tiles($("sprites"), () => this.showSelection());
    this.editor = new Editor(this);
    this.run = 0;
    this.drawn = null;
    this.fillChoices();
    $("draw-form").addEventListener("submit", event => {
      event.preventDefault();
      this.draw();
      // Where the sprites stand below the form, they are shown.
      if ($("sprites").offsetLeft < $("go").offsetLeft + 50) $("draw-status").scrollIntoView();
    });
    $("stop").addEventListener("click", stop);
    $("dice").addEventListener("click", () => {
      $("seed").value = randomSeed();
      this.draw();
    });
    $("palette").addEventListener("change", () => this.showPalette());
    $("colours").addEventListener("input", () => this.showPalette());
    $("sampler").addEventListener("change", () => this.showSampler(true));
    $("keep").addEventListener("click", () => this.keep());
    $("gif").addEventListener("click", () => this.gif());
    $("edit").addEventListener("click", () => this.editor.open(this.tiles.selected()[0]));
    $("select-all").addEventListener("click", () => this.tiles.select(() => true));
    $("select-none").addEventListener("click", () => this.tiles.select(() => false));
    addEventListener("keydown", event => event.key === "Escape" && !$("stop").hidden && stop());
  }

  fillChoices() {
    $("dice").setAttribute("aria-label", text.draw.dice);
    $("dice").title = text.draw.dice;
    $("colours").placeholder = text.draw.colours_placeholder;
    const names = [["", text.draw.lent], ...Object.keys(PRESETS).map(name => [name, name]), [OWN, text.draw.own]];
    $("palette").append(...names.map(([value, textContent]) => el("option", { value, textContent })));
  }

  /** Take a model, and settings from the address. */
  use(model, facts, settings) {
    if (this.model === model && !settings.size) return;
    this.model = model;
    this.facts = facts;
    this.drawn = null;
    this.editor.use(model, facts, settings);
    this.classes.use(facts.classNames, settings.get("label"));
    const own = facts.sampling;
    $("sampler").replaceChildren(...Object.entries(SAMPLERS).map(([value, name]) => el("option", {
      value, textContent: value === own.sampler ? text.draw.own_sampler(name) : name,
    })));
    $("palette-field").hidden = !facts.palettes;
    $("more").hidden = facts.distilled;
    $("student").hidden = !facts.distilled;
    $("student").textContent = text.draw.student(own.steps);
    this.read(settings, own);
    this.showPalette();
  }

  /** Fill the form in from the address; what it does not say keeps its place or is the model's own. */
  read(settings, own) {
    // A student draws in its own way, whatever an address says.
    const told = name => (this.facts.distilled ? null : settings.get(name));
    if (/^\d{1,19}$/.test(settings.get("seed") ?? "")) $("seed").value = settings.get("seed");
    if (settings.get("n") > 0) $("count").value = Math.min(100, Math.floor(settings.get("n")));
    const colours = settings.get("palette");
    if (colours !== null) {
      const plain = colours.replaceAll(",", " ");
      const preset = Object.keys(PRESETS).find(name => PRESETS[name] === plain);
      $("palette").value = preset ?? OWN;
      if (!preset) $("colours").value = plain.split(" ").map(code => `#${code}`).join(" ");
    }
    $("sampler").value = told("sampler") in SAMPLERS ? told("sampler") : own.sampler;
    this.showSampler(true);
    if (told("steps") > 0) $("steps").value = told("steps");
    if (told("eta") !== null) $("eta").value = told("eta");
    $("guidance").value = told("guidance") ?? own.guidance;
    $("more").open = ["sampler", "steps", "eta", "guidance"].some(name => settings.has(name));
  }

  /** Draw as soon as the place is seen with a model that has not drawn yet. */
  shown() {
    if (this.facts && this.drawn === null) this.draw();
    else if (this.drawn) this.tell();
  }

  /** The address says what is drawn, and what is edited of it. */
  tell() {
    writeAddress("draw", { ...this.drawn, ...this.editor.settings() });
  }

  showSampler(changed) {
    const sampler = $("sampler").value, own = this.facts.sampling;
    $("steps").max = this.facts.timesteps;
    if (changed) $("steps").value = sampler === own.sampler ? own.steps : USUAL_STEPS[sampler];
    $("eta-field").hidden = sampler !== "ddim";
    if (changed) $("eta").value = sampler === own.sampler ? own.eta ?? 0 : 0;
  }

  /** The colours that are chosen; null if they are lent; undefined if there is a mistake, which is told. */
  colours() {
    const chosen = $("palette").value, told = $("colours-error");
    told.textContent = "";
    if (!this.facts.palettes || chosen === "") return null;
    const { colours, wrong } = parseHex(chosen === OWN ? $("colours").value : PRESETS[chosen]);
    if (wrong === undefined && colours.length) return colours;
    told.textContent = wrong === undefined ? text.draw.no_colours : text.draw.wrong_colour(wrong);
    return undefined;
  }

  showPalette() {
    const chosen = $("palette").value;
    $("own-palette").hidden = chosen !== OWN;
    $("palette-hint").textContent = chosen === "" ? text.draw.lent_hint : text.draw.palette_hint;
    const colours = chosen === OWN && !$("colours").value.trim() ? null : this.colours();
    $("swatches").replaceChildren(...(colours ?? []).map(one => swatch(one)));
    if (chosen === OWN && !$("colours").value.trim()) $("colours-error").textContent = "";
  }

  /** How to draw, as spritelab.config's SamplerSettings.changed would have it. */
  how() {
    const own = this.facts.sampling, sampler = $("sampler").value;
    if (this.facts.distilled) return own;
    const steps = clamp(Math.round($("steps").value || own.steps), 1, this.facts.timesteps);
    const eta = sampler === "ddim" ? clamp(Number($("eta").value), 0, 1) : null;
    const guidance = clamp(Number($("guidance").value || 1), 0, 8);
    const guidance_interval = guidance === 1 ? null : own.guidance_interval ?? null;
    const shared = { sampler, steps, eta, guidance, guidance_interval, clip: own.clip };
    if (sampler !== own.sampler) return shared;
    if (own.times && steps === own.steps) return { ...own, ...shared };
    const usual = own.times || (own.start === "noise" && own.spacing === DEFAULT_SPACING[sampler]);
    // What is as usual is left open: steps may have been calibrated for their number.
    if (usual) return { ...shared, variance: own.variance };
    return { ...shared, variance: own.variance, spacing: own.spacing, start: own.start, first_leg: own.first_leg };
  }

  /** What the address says of a request; what is the model's own is left out. */
  settings(how, colours) {
    const own = this.facts.sampling;
    const differs = key => (how[key] === own[key] ? null : how[key]);
    return {
      model: this.model.name,
      label: this.classes.inWords(),
      seed: $("seed").value,
      n: $("count").value,
      palette: colours && $("palette").value !== OWN ? PRESETS[$("palette").value].replaceAll(" ", ",")
        : colours && $("colours").value.trim().split(/[\s,;]+/).map(code => code.replace("#", "")).join(","),
      sampler: differs("sampler"),
      steps: differs("steps"),
      eta: how.eta === (own.eta ?? 0) ? null : how.eta,
      guidance: differs("guidance"),
    };
  }

  async draw() {
    const palette = this.colours();
    if (palette === undefined) {
      $("palette").focus();
      return;
    }
    if (!/^\d{1,18}$/.test($("seed").value)) $("seed").value = "0";
    const n = clamp(Math.round($("count").value || 1), 1, 100), how = this.how();
    $("count").value = n;
    $("steps").value = how.steps;
    this.drawn = this.settings(how, palette);
    this.editor.close();
    this.tell();
    if (!$("stop").hidden) stop();
    const run = ++this.run;
    this.tiles.lay(n, this.facts.size);
    this.working(true);
    const asked = (this.asked = {
      seed: $("seed").value,
      numbers: Array.from({ length: n }, (_, i) => i),
      label: this.classes.label(),
      palette,
    });
    this.sampling = how;
    $("draw-status").textContent = text.draw.drawing(0, n);
    try {
      const answer = await ask("draw", { file: this.model.file, asked, how }, heard => {
        if (run === this.run) this.hear(heard, n);
      });
      if (run !== this.run) return;
      this.tiles.leaveFinished();
      $("draw-status").textContent = answer.kind === "done"
        ? text.draw.done(n, text.draw.how(this.used), answer.seconds)
        : text.draw.stopped(this.tiles.all.length, n);
      this.editor.openAsLinked(this.tiles.all);
    } catch (error) {
      if (run === this.run) $("draw-status").textContent = text.failed(error.message);
    }
    if (run === this.run) this.working(false);
  }

  working(on) {
    $("stop").hidden = !on;
    $("sprites").setAttribute("aria-busy", String(on));
    this.showSelection();
  }

  hear({ kind, ...heard }, n) {
    if (kind === "begun") {
      this.used = heard.how;
      heard.sprites.forEach(({ label, palette }, i) => {
        const tag = tagOf(label, this.facts.classNames);
        this.tiles.name(i, {
          tag, name: `${tag}-${this.drawn.seed}-${i}`, number: i, caption: label >= 0 ? tag : i, said: text.draw.sprite(tag, i),
          label: label >= 0 ? tag : this.asked.label ?? NO_CLASS, palette, seed: this.drawn.seed,
        });
      });
    } else if (kind === "step") {
      this.tiles.show(heard);
      if (heard.last) $("draw-status").textContent = text.draw.drawing(heard.first + heard.count, n);
    }
  }

  showSelection() {
    const n = this.tiles.selected().length;
    $("selection").hidden = n === 0;
    $("edit").hidden = n !== 1;
    $("select-all").hidden = n > 0 || !this.tiles.finished().length;
    $("selected-count").textContent = text.draw.selected(n);
  }

  keep() {
    this.tray.add(this.tiles.kept(this.model.name));
    this.tiles.select(() => false);
  }

  /** The denoising of the selected sprites. */
  gif() {
    const chosen = this.tiles.selected();
    download(`${chosen[0].name}.gif`, encodeGif(chosen.map(tile => tile.frames), this.facts.size), "image/gif");
  }
}
