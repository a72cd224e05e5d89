// The place where two samplers are watched side by side, from one noise.

import { writeAddress } from "./address.js";
import { chart } from "./chart.js";
import { ask, stop } from "./client.js";
import { $, el, paint, randomSeed, setSide, spriteCanvas } from "./dom.js";
import { formula } from "./formulas.js";
import { text } from "./strings.js";

const SIDES = ["ddpm", "ddim"];
const WIDE = { x_t: 208, x0: 96, eps: 96 }, NARROW = { x_t: 176, x0: 80, eps: 80 }; // CSS pixels
const PLAY_SECONDS = 4;

export class WatchPlace {
  constructor() {
    this.section = $("watch");
    this.run = 0;
    this.frames = [[], []];
    this.watched = null;
    $("watch-dice").setAttribute("aria-label", text.draw.dice);
    $("watch-dice").title = text.draw.dice;
    $("schedule-formulas").append(formula("q", "block"), formula("lambda", "block"));
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

  use(model, facts, settings) {
    if (this.model === model && !settings.size) return;
    this.model = model;
    this.facts = facts;
    this.watched = null;
    const options = [["", text.draw.any], ...facts.classNames.map(name => [name, name]), ["none", text.draw.no_class]];
    $("watch-class").replaceChildren(...options.map(([value, textContent]) => el("option", { value, textContent })));
    $("watch-class").value = facts.classNames.includes(settings.get("label")) ? settings.get("label") : "";
    for (const [id, name] of [["watch-seed", "seed"], ["ddpm-steps", "ddpm"], ["ddim-steps", "ddim"], ["ddim-eta", "eta"]]) {
      if (/^[\d.]+$/.test(settings.get(name) ?? "")) $(id).value = settings.get(name);
    }
    $("ddpm-steps").max = $("ddim-steps").max = facts.timesteps;
    $("t").max = facts.timesteps; // the slider goes from T-1 (left) to -1, clean
    this.build();
  }

  shown() {
    if (this.facts && this.watched === null) this.watch();
    else if (this.watched) writeAddress("watch", this.watched);
  }

  /** The two panels. */
  build() {
    this.panels = SIDES.map(side => {
      const view = name => {
        const canvas = spriteCanvas(this.facts.size, WIDE[name]);
        const caption = el("figcaption", {}, formula(name), el("span", { textContent: text.watch[name] }));
        return { canvas, figure: el("figure", { className: `view ${name}` }, canvas, caption) };
      };
      const views = { x_t: view("x_t"), x0: view("x0"), eps: view("eps") };
      const cost = el("p", { className: "cost" }), at = el("p", { className: "at" });
      const panel = el("article", { className: "panel side" },
        el("div", { className: "side-head" }, el("h2", { textContent: side.toUpperCase() }), at),
        el("p", { textContent: text.watch[`${side}_text`] }), formula(side, "block"),
        el("div", { className: "views" }, ...Object.values(views).map(one => one.figure)), cost);
      return { panel, views, cost, at };
    });
    $("sides").replaceChildren(...this.panels.map(one => one.panel));
  }

  async watch() {
    const { timesteps } = this.facts;
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
    this.watched = { model: this.model.name, label, seed, ddpm: hows[0].steps, ddim: hows[1].steps, eta: eta || null };
    writeAddress("watch", this.watched);
    if (!$("watch-stop").hidden) stop();
    const run = ++this.run;
    this.frames = [[], []];
    this.follow = true;
    this.pause();
    $("watch-stop").hidden = false;
    $("watch-status").textContent = "";
    try {
      const asked = { seed, numbers: [0], label };
      await ask("watch", { file: this.model.file, asked, hows }, heard => run === this.run && this.hear(heard));
    } catch (error) {
      if (run === this.run) $("watch-status").textContent = text.failed(error.message);
    }
    if (run !== this.run) return;
    $("watch-stop").hidden = true;
    $("watch-status").textContent = "";
    if (this.follow) this.play();
  }

  hear({ kind, ...heard }) {
    if (kind === "begun") {
      this.pairs = heard.pairs;
      this.nfe = heard.nfe;
      this.panels.forEach(panel => (panel.cost.textContent = ""));
      this.showMoment();
    } else if (kind === "frame") {
      const frames = this.frames[heard.side];
      frames.push(heard.frame);
      this.panels[heard.side].cost.textContent = text.watch.cost(this.nfe[heard.side], heard.seconds);
      const name = SIDES[heard.side].toUpperCase();
      $("watch-status").textContent = text.watch.running(name, frames.length, this.nfe[heard.side]);
      if (this.follow) $("t").value = this.facts.timesteps - 1 - heard.frame.t;
      this.showMoment();
    }
  }

  /** What there is at the slider's t: of each side the latest moment that it has reached. */
  showMoment() {
    const t = this.facts.timesteps - 1 - Number($("t").value);
    $("t-value").textContent = t < 0 ? text.watch.clean : `t = ${t}`;
    const sides = this.panels[0].panel.clientWidth < 420 ? NARROW : WIDE;
    this.frames.forEach((frames, side) => {
      const { views, at } = this.panels[side];
      const reached = frames.filter(one => one.t >= t), frame = reached.at(-1) ?? frames[0];
      at.textContent = frame ? (frame.t < 0 ? text.watch.clean : `t = ${frame.t}`) : "";
      for (const name of ["x_t", "x0", "eps"]) {
        const { canvas } = views[name];
        setSide(canvas, sides[name]);
        if (frame) paint(canvas, frame[name]);
        else canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      }
    });
    if (this.pairs) $("chart").replaceChildren(chart(this.facts, this.pairs, t, $("chart").clientWidth));
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
