// The runs: how far each is, its curve and its samples, and what can be done with it.

import { el } from "../ui/dom.js";
import { text } from "../ui/strings.js";
import { call, listen } from "./api.js";
import { lossChart } from "./loss_chart.js";

const AGAIN_MS = 3000;

export class Runs {
  /** @param renewed is called when a run may have another model */
  constructor(renewed) {
    this.renewed = renewed;
    this.views = new Map();
    this.list = el("div", { className: "stack" });
    this.none = el("p", { className: "hint", textContent: text.train.none });
    this.panel = el("section", { className: "stack", "aria-labelledby": "runs-title" },
      el("h2", { id: "runs-title", textContent: text.train.runs }), this.none, this.list);
  }

  /** Read the list anew, and follow what goes on. */
  async look(open) {
    clearTimeout(this.timer);
    const { runs } = await call("runs");
    this.none.hidden = runs.length > 0;
    const names = new Set(runs.map(run => run.name));
    for (const [name, view] of this.views) if (!names.has(name)) this.views.delete(name), view.leave();
    const shown = runs.map(run => {
      if (!this.views.has(run.name)) this.views.set(run.name, new RunView(run.name, () => this.look(), () => this.renewed()));
      const view = this.views.get(run.name);
      view.show(run);
      if (run.name === open || run.state === "running") view.open();
      return view.panel;
    });
    if (shown.some((panel, i) => this.list.children[i] !== panel) || shown.length !== this.list.children.length) {
      this.list.replaceChildren(...shown);
    }
    // A run that waits begins when another one ends, which only the server knows.
    if (runs.some(run => run.state === "waiting")) this.timer = setTimeout(() => this.look(), AGAIN_MS);
  }
}

class RunView {
  constructor(name, changed, renewed) {
    Object.assign(this, { name, changed, renewed, losses: [], validations: [], state: {} });
    const words = text.train;
    this.badge = el("span", { className: "badge" });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": name });
    this.told = el("p", { className: "hint", role: "status" });
    this.wrong = el("p", { className: "error", role: "alert" });
    this.actions = el("div", { className: "actions" });
    this.chart = el("figure", {}, el("figcaption", { className: "hint" }, el("b", { textContent: words.loss }), ` ${words.loss_text}`));
    this.samples = el("figure", {}, el("div", { className: "picture" }), el("figcaption", { className: "hint", textContent: words.no_samples }));
    this.details = el("details", {}, el("summary", { textContent: words.show }), el("div", { className: "seen" }, this.chart, this.samples));
    this.details.addEventListener("toggle", () => (this.details.open ? this.follow() : this.leave()));
    this.panel = el("article", { className: "panel run", "aria-label": name },
      el("div", { className: "side-head" }, el("h3", { textContent: name }), this.badge),
      this.bar, this.told, this.wrong, this.actions, this.details);
  }

  open() {
    this.details.open = true; // and so it is followed
  }

  /** What the server says of the run. */
  show(state) {
    const words = text.train, before = this.state;
    this.state = state;
    this.panel.dataset.state = state.state;
    this.badge.textContent = state.state === "running" ? words.phase[state.phase] : words.state[state.state];
    this.bar.value = state.progress;
    this.bar.hidden = !["running", "stopped", "failed"].includes(state.state) || (state.state === "failed" && !state.step);
    const told = [state.state === "waiting" ? words.waits(state.place) : words.progress(state)];
    if (state.init) told.push(words.begun_from(state.init));
    this.told.textContent = told.join(" · ");
    this.wrong.textContent = state.message.replaceAll("`", "");
    if (before.state !== state.state || before.has_model !== state.has_model) this.showActions();
    if (before.has_model !== undefined && before.has_model !== state.has_model) this.renewed();
  }

  showActions() {
    const words = text.train, { state, has_model, mine, step } = this.state;
    const act = (name, path, method = "POST") => {
      const button = el("button", { type: "button", textContent: name });
      button.addEventListener("click", () => this.act(path, method, button));
      return button;
    };
    const found = [];
    if (has_model) found.push(this.drawLink());
    if ((state === "running" && mine) || state === "waiting") found.push(act(words.stop, "/stop"));
    if (state === "stopped" || state === "failed") found.push(act(step ? words.resume : words.again, "/resume"));
    if (mine && state !== "running" && state !== "waiting") found.push(this.renaming(), this.removal(act));
    const focused = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(...found);
    if (focused) this.actions.querySelector("button, a")?.focus();
  }

  drawLink() {
    return el("a", { className: "button", href: `#draw?model=${encodeURIComponent(this.name)}`, textContent: text.train.draw });
  }

  /** Another name, in the place of the button. */
  renaming() {
    const words = text.train, button = el("button", { type: "button", className: "plain", textContent: words.rename });
    button.addEventListener("click", () => {
      const field = el("input", { value: this.name, maxLength: 40, "aria-label": words.new_name });
      const form = el("form", { className: "joined rename" }, field, el("button", { textContent: words.rename }));
      form.addEventListener("submit", event => {
        event.preventDefault();
        this.rename(field);
      });
      form.addEventListener("keydown", event => event.key === "Escape" && form.replaceWith(button));
      button.replaceWith(form);
      field.select();
    });
    return button;
  }

  async rename(field) {
    this.wrong.textContent = "";
    try {
      await call(`runs/${encodeURIComponent(this.name)}/rename`, { method: "POST", json: { name: field.value } });
      await this.changed();
      this.renewed();
    } catch (error) {
      this.wrong.textContent = error.errors?.name ?? error.message;
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  }

  /** Asked twice: a run cannot be brought back. */
  removal(act) {
    const button = el("button", { type: "button", className: "plain", textContent: text.train.remove });
    button.addEventListener("click", () => {
      const sure = act(text.train.sure, "", "DELETE");
      sure.addEventListener("blur", () => sure.isConnected && sure.replaceWith(button));
      button.replaceWith(sure);
      sure.focus();
    });
    return button;
  }

  async act(path, method, button) {
    button.disabled = true;
    try {
      const state = await call(`runs/${encodeURIComponent(this.name)}${path}`, { method });
      if (state) this.show(state);
      if (path === "/stop" && state.state === "running") this.badge.textContent = text.train.stopping;
      if (path === "/resume") this.follow();
      await this.changed();
      if (method === "DELETE") this.renewed();
    } catch (error) {
      this.wrong.textContent = error.message;
      button.disabled = false;
    }
  }

  /** Hear of the run for as long as it goes on and is looked at. */
  async follow() {
    this.leave();
    const { signal } = (this.following = new AbortController());
    this.losses = [];
    this.validations = [];
    try {
      await listen(`runs/${encodeURIComponent(this.name)}/events`, { signal }, (kind, told) => this.hear(kind, told));
      if (!signal.aborted) this.changed();
    } catch (error) {
      // The server may be starting again: the run does not mind.
      if (!signal.aborted) setTimeout(() => this.details.open && !signal.aborted && this.follow(), AGAIN_MS);
    }
  }

  leave() {
    this.following?.abort();
  }

  hear(kind, told) {
    if (kind === "state") this.show(told);
    else if (kind === "samples") this.showSamples(told.step);
    else {
      this[kind] = told.anew ? told.points : [...this[kind], ...told.points];
      const last = told.points.at(-1);
      if (kind === "losses" && last) this.show({ ...this.state, step: last.step, progress: last.progress });
      if (this.losses.length + this.validations.length) {
        this.chart.querySelector("svg")?.remove();
        this.chart.prepend(lossChart(this.losses, this.validations));
      }
    }
  }

  showSamples(step) {
    const src = `api/runs/${encodeURIComponent(this.name)}/samples.png?${step}`;
    this.samples.querySelector(".picture").replaceChildren(el("img", { src, alt: text.train.samples(step) }));
    this.samples.querySelector("figcaption").textContent = text.train.samples(step);
  }
}
