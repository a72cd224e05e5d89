// Where what a panel shows is written out: the line of this page's own code, and the same in Python.

import { el } from "./dom.js";
import { text } from "./strings.js";

export const SOURCES = {
  ddpm: { file: "engine/samplers.js", line: 31, says: "const mean = Float64Array.from(x, (value, i) => of_x0 * x0[i] + of_x * value)", python: ["diffusion", "ddpm_steps"] },
  ddim: { file: "engine/samplers.js", line: 46, says: "const mean = x0.map((value, i) => signal * value + direction * eps[i])", python: ["diffusion", "ddim_steps"] },
  ideal: { file: null, line: 0, says: "", python: ["diffusion", "ideal_denoiser"] },
  schedule: { file: "engine/schedule.js", line: 11, says: "return 0.5 * Math.log(alphaBar / (1 - alphaBar))", python: ["diffusion", "Schedule"] },
  paths: { file: "engine/paths.js", line: 37, says: "products[i][j] = products[j][i] = sum", python: null },
  pixel: { file: "engine/worker.js", line: 141, says: "const frame = { t: step.t, x_t: model.pixels(x)", python: null },
};

let docs = null;

/** Where the documentation is, if it is beside the page. */
export function setDocs(address) {
  docs = address;
}

/** A line that leads to the code of a panel. */
export function sourceOf(name) {
  const { file, line, python } = SOURCES[name], parts = [];
  const link = (href, words) => el("a", { href, textContent: words });
  if (file) parts.push(link(file, text.watch.line(file, line)));
  if (python) {
    const [room, of] = python, full = `spritelab.${room}.${of}`;
    parts.push(docs ? link(`${docs}reference/${room}/#${full}`, full) : el("code", { textContent: full }));
  }
  return el("p", { className: "source" }, `${text.watch.code} `, ...parts.flatMap((part, i) => (i ? [", ", part] : [part])));
}
