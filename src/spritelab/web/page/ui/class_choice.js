// The class that is asked for: each sprite's own, none, one, or a mix of several.

import { $, el } from "./dom.js";
import { text } from "./strings.js";

const ANY = null, NONE = "none";

export class ClassChoice {
  /** Take the classes of a model, and a label as the address has it: food, or food=0.7,spell=0.3. */
  use(names, label) {
    this.names = names;
    this.special = ANY;
    this.weights = new Map();
    if (label === NONE && !names.includes(NONE)) this.special = NONE;
    else if (label !== null) this.read(label);
    this.show();
  }

  read(label) {
    for (const part of label.split(",")) {
      const name = part.replace(/=[^=]*$/, ""), weight = part.includes("=") ? Number(part.split("=").at(-1)) : 1;
      if (this.names.includes(name) && weight >= 0) this.weights.set(name, weight);
    }
    if (![...this.weights.values()].some(weight => weight > 0)) this.weights.clear();
  }

  /** As makeRequest takes it. */
  label() {
    if (this.weights.size === 0) return this.special;
    if (this.weights.size === 1) return [...this.weights.keys()][0];
    return Object.fromEntries(this.weights);
  }

  /** As the address has it, null for each sprite's own. */
  inWords() {
    const label = this.label();
    if (label === null || typeof label === "string") return label;
    return Object.entries(label).map(([name, weight]) => `${name}=${weight}`).join(",");
  }

  show() {
    const chip = (name, pressed, chosen) => {
      const button = el("button", { type: "button", className: "chip", "aria-pressed": String(pressed) }, name);
      button.addEventListener("click", () => {
        chosen();
        this.show();
        [...$("classes").children].find(one => one.textContent === name)?.focus();
      });
      return button;
    };
    const special = value => () => {
      this.special = value;
      this.weights.clear();
    };
    const chips = [chip(text.draw.any, !this.weights.size && this.special === ANY, special(ANY))];
    for (const name of this.names) {
      chips.push(chip(name, this.weights.has(name), () => this.toggle(name)));
    }
    if (!this.names.includes(NONE)) {
      chips.push(chip(text.draw.no_class, !this.weights.size && this.special === NONE, special(NONE)));
    }
    $("classes").replaceChildren(...chips);
    this.showMix();
  }

  toggle(name) {
    this.special = ANY;
    if (!this.weights.delete(name)) this.weights.set(name, 1);
    if (this.weights.size && ![...this.weights.values()].some(weight => weight > 0)) {
      for (const other of this.weights.keys()) this.weights.set(other, 1);
    }
  }

  showMix() {
    const mixed = this.weights.size > 1;
    $("mix").hidden = !mixed;
    $("class-hint").textContent = mixed ? text.draw.mix_hint : text.draw.class_hint;
    const shares = [];
    const tell = () => {
      const total = [...this.weights.values()].reduce((sum, weight) => sum + weight, 0);
      for (const [name, output] of shares) {
        output.textContent = `${Math.round((100 * this.weights.get(name)) / (total || 1))} %`;
      }
    };
    $("mix").replaceChildren(...(mixed ? [...this.weights] : []).map(([name, weight]) => {
      const range = el("input", {
        type: "range", min: 0, max: 1, step: 0.05, value: weight, "aria-label": text.draw.weight(name),
      });
      const output = el("output");
      shares.push([name, output]);
      range.addEventListener("input", () => {
        this.weights.set(name, Number(range.value));
        tell();
      });
      return el("label", { className: "share" }, el("span", { textContent: name }), range, output);
    }));
    tell();
  }
}
