// The noise schedule, and which of its steps a sampler visits, as spritelab.diffusion.schedule and
// .times have it: t runs from 0 (almost clean) to T-1 (noise), t = -1 is clean, where ᾱ is 1.

const LEAST_LAMBDA = -6.5; // where `logsnr` starts: with 0.15 % of signal
const LAMBDA_LIMIT = 14.0; // beyond lies what rounding makes of ᾱ near 0 and 1

/** λ = ½·log(ᾱ / (1-ᾱ)), half the logarithm of the signal-to-noise ratio. Lu et al. 2022, section 2. */
export function halfLogSnr(alphaBar) {
  if (alphaBar === 0) return -Infinity;
  if (alphaBar === 1) return Infinity;
  return 0.5 * Math.log(alphaBar / (1 - alphaBar));
}

export class Schedule {
  /** @param alphaBars ᾱ_t for t = 0 … T-1, Float64Array */
  constructor(alphaBars) {
    this.alphaBars = alphaBars;
    this.timesteps = alphaBars.length;
    this.lambdas = Float64Array.from(alphaBars, halfLogSnr);
  }

  alphaBar(t) {
    return t === -1 ? 1 : this.alphaBars[t];
  }

  /** √ᾱ_t and √(1-ᾱ_t), the factors of x_0 and of ε in x_t. */
  signalAndNoise(t) {
    const alphaBar = this.alphaBar(t);
    return [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  }

  /** The pairs (t, t_prev) of settings that are complete, descending; the last t_prev is -1. */
  pairs({ steps, spacing, start = "noise", times = null }) {
    const visited = times ?? visitedSteps(this.lambdas, steps, spacing, start);
    return visited.map((t, i) => [t, i + 1 < visited.length ? visited[i + 1] : -1]);
  }
}

/** Which steps a sampler visits unless told otherwise. */
export const DEFAULT_SPACING = { ddpm: "linspace", ddim: "linspace", dpm: "logsnr" };

/** The steps that are visited, descending. The spacings: Lin et al. 2023, table 2; Lu et al. 2022. */
export function visitedSteps(lambdas, steps, spacing, start = "noise") {
  const T = start === "noise" ? lambdas.length : lambdas.filter(lambda => lambda >= start).length;
  const each = Array.from({ length: steps }, (_, i) => i);
  let visited;
  if (spacing === "linspace") {
    visited = steps > 1 ? linspace(0, T - 1, steps).map(roundHalfEven) : [T - 1];
  } else if (spacing === "leading") {
    visited = each.map(i => Math.floor((i * T) / steps));
  } else if (spacing === "trailing") {
    visited = each.map(i => Math.floor(((i + 1) * T) / steps) - 1);
  } else {
    visited = evenInLambda(lambdas.subarray(0, T), steps);
  }
  return visited.reverse();
}

/** The steps nearest to even values of λ, ascending, all different. */
function evenInLambda(lambdas, steps) {
  const rising = Array.from(lambdas, lambda => -Math.min(Math.max(lambda, -LAMBDA_LIMIT), LAMBDA_LIMIT));
  const T = rising.length;
  const wanted = linspace(rising[0], Math.min(rising[T - 1], -LEAST_LAMBDA), steps + 1).slice(1);
  // Values of λ can lie closer than the steps do: there neighbours are taken, upwards first.
  let least = -Infinity;
  return wanted.map((value, order) => {
    let nearest = 0;
    while (nearest < T - 1 && (rising[nearest] + rising[nearest + 1]) / 2 < value) nearest++;
    least = Math.max(least, nearest - order);
    return Math.min(least + order, T - steps + order);
  });
}

/** Evenly spaced numbers, both ends included, computed as NumPy does. */
function linspace(first, last, count) {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : i * step + first));
}

/** To the nearest whole number; halves to the even one, as IEEE 754, NumPy and torch do. */
export function roundHalfEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
