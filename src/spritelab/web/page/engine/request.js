// What is asked of a model: which sprites, of which class, in which colours. As
// spritelab.generate.request: a sprite's own noise draws its class and its lender.

import { Noise } from "./noise.js";
import { coloursNearest } from "./palettes.js";

/**
 * Work out a request.
 * @param facts   of the model, see readFacts
 * @param asked   { seed, numbers, variation, label, palette }; label is null (each sprite draws its
 *                own class), "none", the name of a class or { name: weight, … }; palette null or colours
 * @returns one { number, noise, label, context, palette, lender } a sprite
 */
export function makeRequest(facts, { seed, numbers, variation = 0, label = null, palette = null }) {
  const given = palette && facts.palettes ? facts.palettes.fitChannels(palette) : null;
  return numbers.map(number => {
    const noise = new Noise(seed, number, variation);
    const asked = label ?? drawnClass(noise, facts);
    const index = facts.classNames.indexOf(asked);
    const sprite = { number, noise, label: index, context: contextOf(asked, facts.classNames) };
    if (!facts.palettes) return sprite;
    const lender = facts.palettes.lender(noise, index), lent = facts.palettes.palette(lender);
    return { ...sprite, lender, palette: given ? coloursNearest(given, lent) : lent };
  });
}

/** The sprite's own class, in the proportions of the training sprites. */
function drawnClass(noise, { classNames, classCounts }) {
  const total = classCounts.reduce((sum, count) => sum + count, 0);
  const at = noise.uniform(0) * total;
  let share = 0;
  return classNames[classCounts.findIndex(count => (share += count) > at)];
}

/** The context vector of a class, of "none", or of a mix: Float32Array [K]. */
export function contextOf(label, classNames) {
  const mix = typeof label === "string" ? { [label]: 1 } : label;
  const context = new Float32Array(classNames.length);
  classNames.forEach((name, k) => (context[k] = mix[name] ?? 0));
  const total = context.reduce((sum, weight) => Math.fround(sum + weight), 0);
  return total > 0 ? context.map(weight => weight / total) : context;
}
