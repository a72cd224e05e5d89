// Drawing from a sprite that is given, as spritelab.generate.steering: made noisy and drawn anew
// (SDEdit, Meng et al. 2022), or drawn in part (RePaint, Lugmayr et al. 2022).

import { Noise, startsOfVariations } from "./noise.js";
import { coloursNearest, coloursOf, inColours } from "./palettes.js";
import { encode } from "./pixels.js";
import { contextOf } from "./request.js";
import { roundHalfEven } from "./schedule.js";

const { fround } = Math;

/**
 * Work out a request for drawings of one sprite.
 * @param facts  of the model, see readFacts
 * @param asked  { seed, numbers, label, palette, pixels }: label is "none", the name of a class or
 *               { name: weight, … }; of palette, if it is given, the sprite takes the colours that
 *               are nearest to its own; pixels are RGBA bytes [H,W,4]
 * @returns { sprites, seen }: one a number, as makeRequest has them, and the pixels in their colours
 */
export function requestGiven(facts, { seed, numbers, label, palette = null, pixels }) {
  const shared = { label: facts.classNames.indexOf(label), context: contextOf(label, facts.classNames) };
  let seen = pixels;
  if (facts.palettes) {
    const given = palette && facts.palettes.fitChannels(palette), own = coloursOf(pixels, facts.channels);
    shared.palette = given ? coloursNearest(given, own) : own;
    shared.lender = -1;
    seen = inColours(pixels, shared.palette);
  }
  return { sprites: numbers.map(number => ({ number, noise: new Noise(seed, number), ...shared })), seen };
}

/** The pairs from t_0 = round(strength·T) - 1 down to clean: those that `how` visits below it. */
export function pairsFrom(strength, how, schedule) {
  const visited = schedule.pairs(how).map(([t]) => t);
  const first = Math.min(Math.max(0, roundHalfEven(strength * schedule.timesteps) - 1), visited[0]);
  const times = [first, ...visited.filter(t => t < first), -1];
  return times.slice(1).map((t_prev, i) => [times[i], t_prev]);
}

/** Make a sprite noisy as far as `strength` says, with each drawing's x_T, and denoise it from there. */
export function redraw(model, how, sprites, { pixels, strength }) {
  const pairs = pairsFrom(strength, how, model.facts.schedule);
  const x0 = repeated(encode(pixels, model.facts.channels), sprites.length);
  const x = noisyAt(model.facts.schedule, x0, pairs[0][0], model.firstNoise(sprites));
  return model.steps(how, sprites, x, { pairs });
}

/** √ᾱ_t·x_0 + √(1-ᾱ_t)·ε, in float32 as torch computes it. */
function noisyAt(schedule, x0, t, eps) {
  const [a, s] = schedule.signalAndNoise(t).map(fround);
  return Float32Array.from(x0, (value, i) => fround(a * value) + fround(s * eps[i]));
}

/**
 * Draw the pixels of a mask; all others are put back after every step, as noisy as x is there.
 * @param given { pixels, mask, jump, resamplings }: mask is 1 where to draw, [H·W]; every `jump` steps
 *              are walked `resamplings` times
 */
export async function* inpaint(model, how, sprites, { pixels, mask, jump, resamplings }) {
  const { schedule, channels } = model.facts, count = channels * mask.length;
  const x0 = repeated(encode(pixels, channels), sprites.length);
  let x = model.begin(how, sprites), at = null, number = 0;
  for (const pairs of passes(schedule.pairs(how), jump, resamplings)) {
    // A variation for every pass: none draws noise that another one drew.
    const named = sprites.map(sprite => ({ ...sprite, noise: sprite.noise.varied(number) }));
    const eps = startsOfVariations(named.map(sprite => sprite.noise), count);
    const constrain = (x_prev, t_prev) => {
      const known = noisyAt(schedule, x0, t_prev, eps);
      return x_prev.map((value, i) => (mask[i % mask.length] ? value : known[i]));
    };
    const start = pairs[0][0];
    if (at !== null && at !== start) x = noisier(schedule, x, at, start, eps);
    x = constrain(x, start);
    for await (const step of model.steps(how, named, x, { pairs, constrain })) {
      x = step.x;
      yield step;
    }
    at = pairs.at(-1)[1];
    number++;
  }
}

/** The walks that RePaint makes of a chain: all but the last step in pieces, each several times. */
function* passes(pairs, jump, resamplings) {
  for (let i = 0; i < pairs.length - 1; i += jump) {
    const piece = pairs.slice(i, Math.min(i + jump, pairs.length - 1));
    for (let pass = 0; pass < resamplings; pass++) yield piece;
  }
  yield pairs.slice(-1);
}

/** q(x_t_later | x_t): Ho et al. 2020, equation 2, over several steps. */
function noisier(schedule, x, t, t_later, eps) {
  const kept = schedule.alphaBar(t_later) / schedule.alphaBar(t);
  const a = fround(Math.sqrt(kept)), s = fround(Math.sqrt(1 - kept));
  return Float32Array.from(x, (value, i) => fround(a * value) + fround(s * eps[i]));
}

/** The pairs that a drawing walks over, whatever their order. */
export function walked(asked, how, schedule) {
  if (asked.by === "redraw") return pairsFrom(asked.strength, how, schedule);
  const pairs = schedule.pairs(how);
  return [...pairs.slice(0, -1).flatMap(pair => Array(asked.resamplings).fill(pair)), pairs.at(-1)];
}

/** A finished drawing with all that was not to be drawn byte for byte as it was given. */
export function keepKnown(finished, { pixels, mask }) {
  return finished.map((level, i) => (mask[Math.floor(i / 4) % mask.length] ? level : pixels[i % pixels.length]));
}

function repeated(x0, n) {
  const all = new Float32Array(n * x0.length);
  for (let i = 0; i < n; i++) all.set(x0, i * x0.length);
  return all;
}
