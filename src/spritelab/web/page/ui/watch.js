// The place where two samplers are watched side by side, from one noise.

import { writeAddress } from "./address.js";
import { chart } from "./chart.js";
import { ask, stop } from "./client.js";
import { $, el, paint, randomSeed, setSide, spriteCanvas } from "./dom.js";
import { formula } from "./formulas.js";
import { drawPaths } from "./paths.js";
import { PixelHistory } from "./pixel_history.js";
import { sourceOf } from "./sources.js";
import { text } from "./strings.js";

const SIDES = ["ddpm", "ddim"], IDEAL = "ideal";
const WIDE = { x_t: 208, x0: 96, eps: 96 }, NARROW = { x_t: 176, x0: 80, eps: 80 }; // CSS pixels
const PLAY_SECONDS = 4;

export class WatchPlace {
  constructor() {
    this.section = $("watch");
    this.run = 0;
    this.frames = [[], [], []];
    this.watched = null;
    this.pixel = null;
    $("watch-dice").setAttribute("aria-label", text.draw.dice);
    $("watch-dice").title = text.draw.dice;
    $("schedule-formulas").append(formula("q", "block"), formula("lambda", "block"));
    $("paths-formulas").append(formula("plane", "block"));
    for (const name of ["schedule", "paths", "pixel"]) $(`${name}-source`).append(sourceOf(name));
    $("ideal").addEventListener("change", () => {
      this.build();
      this.watch();
    });
    $("watch-form").addEventListener("submit", event => {
      event.preventDefault();
      this.watch();
    });
    $("watch-stop").addEventListener("click", stop);
    $("watch-dice").addEventListener("click", () => {
      $("watch-seed").value = randomSeed();
      this.watch();
    });
    $("t").addEventListener("input", () => {
      this.pause();
      this.follow = false;
      this.showMoment();
    });
    addEventListener("resize", () => this.facts && !this.section.hidden && this.showMoment());
    $("play").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.pause();
  }

  /** The server knows the training sprites, and so the ideal denoiser. */
  offerIdeal() {
    $("ideal-field").hidden = false;
  }

  /** The names of the sides that are watched. */
  sides() {
    return $("ideal").checked ? [...SIDES, IDEAL] : SIDES;
  }

  use(model, facts, settings) {
    if (this.model === model && !settings.size) return;
    this.model = model;
    this.facts = facts;
    this.watched = null;
    this.section.classList.toggle("of-student", facts.distilled);
    $("watch-student").hidden = !facts.distilled;
    $("watch-student").textContent = text.watch.student(facts.sampling.steps);
    const options = [["", text.draw.any], ...facts.classNames.map(name => [name, name]), ["none", text.draw.no_class]];
    $("watch-class").replaceChildren(...options.map(([value, textContent]) => el("option", { value, textContent })));
    $("watch-class").value = facts.classNames.includes(settings.get("label")) ? settings.get("label") : "";
    for (const [id, name] of [["watch-seed", "seed"], ["ddpm-steps", "ddpm"], ["ddim-steps", "ddim"], ["ddim-eta", "eta"]]) {
      if (/^[\d.]+$/.test(settings.get(name) ?? "")) $(id).value = settings.get(name);
    }
    if (settings.size) $("ideal").checked = settings.has("ideal") && !$("ideal-field").hidden;
    $("ddpm-steps").max = $("ddim-steps").max = facts.timesteps;
    $("t").max = facts.timesteps; // the slider goes from T-1 (left) to -1, clean
    this.build();
  }

  shown() {
    if (this.facts && this.watched === null) this.watch();
    else if (this.watched) writeAddress("watch", this.watched);
  }

  /** A panel a side. */
  build() {
    this.panels = this.sides().map(side => {
      const views = Object.fromEntries(["x_t", "x0", "eps"].map(name => [name, this.view(name)]));
      const cost = el("p", { className: "cost" }), at = el("p", { className: "at" });
      const panel = el("article", { className: "panel side" },
        el("div", { className: "side-head" }, el("h2", { textContent: text.watch.names[side] }), at),
        el("p", { textContent: text.watch[`${side}_text`] }), formula(side, "block"),
        el("div", { className: "views" }, ...Object.values(views).map(one => one.figure)), cost, sourceOf(side));
      return { panel, views, cost, at };
    });
    $("sides").replaceChildren(...this.panels.map(one => one.panel));
    this.pixel = [this.facts.size >> 1, this.facts.size >> 1];
    this.history = new PixelHistory($("pixel-history"), this.sides().map(side => text.watch.names[side]));
    this.markPixel();
  }

  /** A picture of a moment; the pixel whose history is shown is chosen on it. */
  view(name) {
    const canvas = spriteCanvas(this.facts.size, WIDE[name]), mark = el("i", { className: "mark" });
    const spot = el("div", {
      className: "spot", tabIndex: name === "x_t" ? 0 : -1, role: "application", "aria-label": text.watch.spot(text.watch[name]),
    }, canvas, mark);
    const caption = el("figcaption", {}, formula(name), el("span", { textContent: text.watch[name] }));
    spot.addEventListener("pointermove", event => {
      const box = canvas.getBoundingClientRect();
      this.choosePixel([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
        .map(share => Math.floor(share * this.facts.size)));
    });
    spot.addEventListener("keydown", event => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.choosePixel(this.pixel.map((value, i) => value + way[i]));
    });
    return { canvas, mark, figure: el("figure", { className: `view ${name}` }, spot, caption) };
  }

  choosePixel(at) {
    this.pixel = at.map(value => Math.min(Math.max(value, 0), this.facts.size - 1));
    this.markPixel();
    this.showHistory();
  }

  markPixel() {
    const { size } = this.facts, [x, y] = this.pixel;
    for (const { views } of this.panels) {
      for (const { mark } of Object.values(views)) {
        Object.assign(mark.style, { left: `${(100 * x) / size}%`, top: `${(100 * y) / size}%`, width: `${100 / size}%`, height: `${100 / size}%` });
      }
    }
  }

  showHistory() {
    if (!this.frames[0].length) return;
    const { size, timesteps } = this.facts;
    this.history.show(this.frames.slice(0, this.panels.length), this.pixel, size, this.moment(), timesteps);
  }

  /** The t of the slider; -1 is clean. */
  moment() {
    return this.facts.timesteps - 1 - Number($("t").value);
  }

  async watch() {
    const { timesteps, distilled } = this.facts;
    if (distilled) return;
    const whole = (id, most) => {
      $(id).value = Math.min(Math.max(Math.round($(id).value || 1), 1), most);
      return Number($(id).value);
    };
    if (!/^\d{1,18}$/.test($("watch-seed").value)) $("watch-seed").value = "0";
    $("ddim-eta").value = Math.min(Math.max(Number($("ddim-eta").value), 0), 1);
    const eta = Number($("ddim-eta").value), seed = $("watch-seed").value, label = $("watch-class").value || null;
    const hows = [
      { sampler: "ddpm", steps: whole("ddpm-steps", timesteps) },
      { sampler: "ddim", steps: whole("ddim-steps", timesteps), eta },
    ];
    const ideal = $("ideal").checked;
    this.watched = {
      model: this.model.name, label, seed, ddpm: hows[0].steps, ddim: hows[1].steps, eta: eta || null, ideal: ideal ? 1 : null,
    };
    writeAddress("watch", this.watched);
    if (!$("watch-stop").hidden) stop();
    const run = ++this.run;
    this.frames = [[], [], []];
    this.paths = null;
    this.follow = true;
    this.pause();
    $("watch-stop").hidden = false;
    $("watch-status").textContent = "";
    try {
      const asked = { seed, numbers: [0], label };
      const request = { file: this.model.file, asked, hows, ideal };
      const { paths } = await ask("watch", request, heard => run === this.run && this.hear(heard));
      if (run === this.run) this.paths = paths ?? null;
    } catch (error) {
      if (run === this.run) $("watch-status").textContent = text.failed(error.message);
    }
    if (run !== this.run) return;
    $("watch-stop").hidden = true;
    $("watch-status").textContent = "";
    this.showMoment();
    if (this.follow) this.play();
  }

  hear({ kind, ...heard }) {
    if (kind === "begun") {
      this.pairs = heard.pairs;
      this.nfe = heard.nfe;
      this.panels.forEach(panel => (panel.cost.textContent = ""));
      if (heard.why) this.panels.at(-1).cost.textContent = text.watch.no_ideal(heard.why);
      this.showMoment();
    } else if (kind === "frame") {
      const frames = this.frames[heard.side];
      frames.push(heard.frame);
      const side = this.sides()[heard.side], n = this.nfe[heard.side], name = text.watch.names[side];
      const cost = side === IDEAL ? text.watch.ideal_cost : text.watch.cost;
      this.panels[heard.side].cost.textContent = cost(n, heard.seconds);
      $("watch-status").textContent = text.watch.running(name, frames.length, this.nfe[heard.side]);
      if (this.follow) $("t").value = this.facts.timesteps - 1 - heard.frame.t;
      this.showMoment();
    }
  }

  /** What there is at the slider's t: of each side the latest moment that it has reached. */
  showMoment() {
    const t = this.moment();
    $("t-value").textContent = t < 0 ? text.watch.clean : `t = ${t}`;
    const sizes = this.panels[0].panel.clientWidth < 420 ? NARROW : WIDE;
    const made = this.panels.map(({ views, at }, side) => {
      const frames = this.frames[side], reached = frames.filter(one => one.t >= t), frame = reached.at(-1) ?? frames[0];
      at.textContent = frame ? (frame.t < 0 ? text.watch.clean : `t = ${frame.t}`) : "";
      for (const [name, { canvas }] of Object.entries(views)) {
        setSide(canvas, sizes[name]);
        if (frame) paint(canvas, frame[name]);
        else canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      }
      return Math.max(reached.length - 1, 0);
    });
    this.showHistory();
    if (this.pairs) $("chart").replaceChildren(chart(this.facts, this.pairs, t, $("chart").clientWidth));
    $("paths-panel").hidden = !this.paths;
    if (!this.paths) return;
    const names = this.sides().map(side => text.watch.names[side]);
    $("paths-share").textContent = text.watch.paths_share(this.paths.share);
    $("paths").replaceChildren(drawPaths(this.paths, made, names, $("paths").clientWidth));
  }

  play() {
    if (!this.frames[1].length) return;
    this.playing = true;
    setPlay(true);
    if (Number($("t").value) >= this.facts.timesteps) $("t").value = 0;
    let before = null;
    const next = now => {
      if (!this.playing) return;
      this.at = before === null ? Number($("t").value) : this.at + ((now - before) / 1000 / PLAY_SECONDS) * this.facts.timesteps;
      before = now;
      $("t").value = Math.min(this.at, this.facts.timesteps);
      this.showMoment();
      if (this.at >= this.facts.timesteps) this.pause();
      else requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  pause() {
    this.playing = false;
    setPlay(false);
  }
}

function setPlay(playing) {
  const shape = playing ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2h2v1h2v1h2v1h2v1h1v4h-1v1h-2v1H8v1H6v1H4z";
  $("play").innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${shape}" fill="currentColor"/></svg>`;
  $("play").setAttribute("aria-label", playing ? text.watch.pause : text.watch.play);
}
