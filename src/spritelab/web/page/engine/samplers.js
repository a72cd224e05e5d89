// DDPM, DDIM and DPM-Solver++(2M) as generators over pairs (t, t_prev), line by line those of
// spritelab.diffusion.samplers. Each yields a step after every network evaluation:
//
//   { t, t_prev, x, x0, eps }   x at t_prev, Float32Array; x̂_0 and ε̂ as seen at t, Float64Array
//
// `denoise(x, t, last)` returns a promise of { x0, eps }. `noises` are those of the sprites of x.
// `constrain(x, t_prev)` may replace the x that a step has reached before the next one starts.
// A step is computed in doubles and its x rounded to float32, as the network wants it.

import { normals } from "./noise.js";
import { halfLogSnr } from "./schedule.js";

/** The sampler that complete settings name, from x at the first t of the pairs. */
export function samplerSteps(how, denoise, schedule, x, noises, { pairs = schedule.pairs(how), constrain = same } = {}) {
  if (how.sampler === "ddpm") return ddpm(denoise, schedule, x, pairs, how.variance, noises, constrain);
  if (how.sampler === "ddim") return ddim(denoise, schedule, x, pairs, how.eta, noises, constrain);
  return dpm(denoise, schedule, x, pairs, constrain);
}

const same = x => x;

/** Ancestral sampling. Ho et al. 2020, algorithm 2 and equations 6-7. */
export async function* ddpm(denoise, schedule, x, pairs, variance, noises, constrain = same) {
  for (const [t, t_prev] of pairs) {
    const ab_t = schedule.alphaBar(t), ab_prev = schedule.alphaBar(t_prev);
    const alpha = ab_t / ab_prev, beta = 1 - alpha;
    const { x0, eps } = await denoise(x, t, t_prev === -1);
    // The mean of q(x_prev | x_t, x_0 = x̂_0), equation 7; at t_prev = -1 it is x̂_0 itself.
    const of_x0 = (Math.sqrt(ab_prev) * beta) / (1 - ab_t);
    const of_x = (Math.sqrt(alpha) * (1 - ab_prev)) / (1 - ab_t);
    const mean = Float64Array.from(x, (value, i) => of_x0 * x0[i] + of_x * value);
    const sigma2 = variance === "beta" ? beta : (beta * (1 - ab_prev)) / (1 - ab_t);
    x = constrain(withNoise(mean, t_prev >= 0 ? sigma2 : 0, noises, t), t_prev);
    yield { t, t_prev, x, x0, eps };
  }
}

/** Implicit sampling over any subset of the steps. Song et al. 2020, equation 12. */
export async function* ddim(denoise, schedule, x, pairs, eta, noises, constrain = same) {
  for (const [t, t_prev] of pairs) {
    const ab_t = schedule.alphaBar(t), ab_prev = schedule.alphaBar(t_prev);
    const { x0, eps } = await denoise(x, t, t_prev === -1);
    const sigma2 = ((eta ** 2 * (1 - ab_prev)) / (1 - ab_t)) * (1 - ab_t / ab_prev);
    // The paper's "direction pointing to x_t": its weight gives up what σ adds.
    const direction = Math.sqrt(Math.max(0, 1 - ab_prev - sigma2)), signal = Math.sqrt(ab_prev);
    const mean = x0.map((value, i) => signal * value + direction * eps[i]);
    x = constrain(withNoise(mean, sigma2, noises, t), t_prev);
    yield { t, t_prev, x, x0, eps };
  }
}

/** DPM-Solver++(2M). Lu et al. 2022 (arXiv 2211.01095), algorithm 2. */
export async function* dpm(denoise, schedule, x, pairs, constrain = same) {
  let h_before = 0, x0_before = x;
  for (const [t, t_prev] of pairs) {
    const ab_t = schedule.alphaBar(t), ab_prev = schedule.alphaBar(t_prev);
    const h = halfLogSnr(ab_prev) - halfLogSnr(ab_t);
    const { x0, eps } = await denoise(x, t, t_prev === -1);
    const r = h_before / h; // 0 in the first step, and in the last, where h = ∞
    const before = x0_before;
    const ahead = r < 0.5 ? x0 : x0.map((value, i) => value + (value - before[i]) / (2 * r));
    // e^(-h) - 1 is -1 in the last step, so that x̂_0 is all that is left.
    const of_x = Math.sqrt((1 - ab_prev) / (1 - ab_t)), of_x0 = Math.sqrt(ab_prev) * Math.expm1(-h);
    x = constrain(Float32Array.from(x, (value, i) => of_x * value - of_x0 * ahead[i]), t_prev);
    h_before = h;
    x0_before = x0;
    yield { t, t_prev, x, x0, eps };
  }
}

/** Add σ·z, z being the noise of the step from t; σ and z meet in float32, as they do in torch. */
function withNoise(mean, sigma2, noises, t) {
  if (!(sigma2 > 0)) return Float32Array.from(mean);
  const sigma = Math.fround(Math.sqrt(sigma2));
  const z = normals(noises, t + 1, mean.length / noises.length);
  return Float32Array.from(mean, (value, i) => value + Math.fround(sigma * z[i]));
}
