// What is in the visitor's sprites: the facts and the advice of `spritelab data inspect`, and a picture.

import { el } from "../ui/dom.js";
import { text } from "../ui/strings.js";

export class SetView {
  constructor() {
    this.panel = el("section", { className: "panel set", hidden: true, "aria-labelledby": "set-title", "aria-live": "polite" });
  }

  /** CSS pixels that a picture in it may be wide. */
  width() {
    this.panel.hidden = false;
    return Math.floor(this.panel.clientWidth - 2 * Number.parseFloat(getComputedStyle(this.panel).paddingLeft));
  }

  clear() {
    this.panel.hidden = true;
  }

  busy() {
    this.panel.hidden = false;
    this.panel.setAttribute("aria-busy", "true");
    if (!this.panel.children.length) this.fill(el("p", { className: "hint", textContent: text.train.looking }));
  }

  show(facts) {
    const words = text.train;
    const left = Object.entries(facts.left_out).map(([reason, names]) => words.left_out(names.length, reason));
    const parents = Object.entries(facts.parents);
    const picture = el("img", { className: "contact", src: facts.contact_sheet, alt: words.sheet });
    this.panel.hidden = false;
    this.fill(
      el("p", { textContent: words.facts(facts) }),
      el("div", { className: "picture" }, picture),
      ...lines([...facts.warnings, ...facts.notes, ...facts.advice, ...left]),
      ...(parents.length ? [el("p", { className: "hint", textContent:
        `${words.parents} ${parents.map(([name, loss]) => `${name} ${loss.toFixed(3)}`).join(", ")}` })] : []));
  }

  fill(...inside) {
    this.panel.setAttribute("aria-busy", "false");
    this.panel.replaceChildren(el("h2", { id: "set-title", textContent: text.train.set }), ...inside);
  }
}

const lines = told => (told.length ? [el("ul", { className: "advice" }, ...told.map(one => el("li", {}, ...marked(one))))] : []);

/** Names in backticks as code. */
const marked = told => told.split("`").map((part, i) => (i % 2 ? el("code", { textContent: part }) : part));
