// What a network's output f means: x̂_0 and ε̂, in doubles, as spritelab.diffusion.heads and .denoiser.
//
//   ε     x̂_0 = (x_t - s·f) / a                        Ho et al. 2020
//   x_0   x̂_0 = f                                      Salimans and Ho 2022
//   v     x̂_0 = a·x_t - s·f                            Salimans and Ho 2022
//   palette   logit_j = f_j + (a·⟨x_t, c_j⟩ - ½·a²·|c_j|²) / s²,  x̂_0 = Σ_j softmax(logit)_j·c_j
//
// with a = √ᾱ_t and s = √(1-ᾱ_t), for every pixel.

const REGRESSIONS = {
  eps: (x, f, a, s) => (x - s * f) / a,
  x0: (x, f) => f,
  v: (x, f, a, s) => a * x - s * f,
};

/**
 * Read the output for a batch of sprites.
 * @param prediction eps, x0, v or palette
 * @param output  Float32Array [B,C,H,W], of a palette head [B,P,H,W]
 * @param x       Float32Array [B,C,H,W]
 * @param schedule a Schedule, and t of all sprites
 * @param options clip: hold x̂_0 in [-1, 1]; last: the chain ends here, in the most probable sprite;
 *                palettes: of a palette head, see encodePalettes
 * @returns { x0, eps }, each Float64Array [B,C,H,W]
 */
export function read(prediction, output, x, schedule, t, { clip, last, palettes }) {
  const [a, s] = schedule.signalAndNoise(t);
  let x0;
  if (prediction === "palette") {
    x0 = fromPalettes(output, x, a, s, palettes, last);
  } else {
    const meaning = REGRESSIONS[prediction];
    x0 = Float64Array.from(x, (value, i) => meaning(value, output[i], a, s));
  }
  if (clip) x0 = x0.map(value => Math.min(Math.max(value, -1), 1));
  return { x0, eps: Float64Array.from(x, (value, i) => (value - a * x0[i]) / s) };
}

function fromPalettes(output, x, a, s, { colours, sizes, most }, last) {
  const B = sizes.length, C = colours.length / (B * most), area = x.length / (B * C);
  const x0 = new Float64Array(x.length);
  const logits = new Float64Array(most);
  for (let b = 0; b < B; b++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const at = b * C * area + pixel;
      for (let j = 0; j < sizes[b]; j++) {
        const colour = (b * most + j) * C;
        let dot = 0, square = 0;
        for (let c = 0; c < C; c++) {
          dot += colours[colour + c] * x[at + c * area];
          square += colours[colour + c] ** 2;
        }
        const evidence = (a * dot - 0.5 * a ** 2 * square) / s ** 2;
        logits[j] = output[(b * most + j) * area + pixel] + evidence;
      }
      const weights = last ? mode(logits, sizes[b]) : softmax(logits, sizes[b]);
      for (let j = 0; j < sizes[b]; j++) {
        for (let c = 0; c < C; c++) x0[at + c * area] += weights[j] * colours[(b * most + j) * C + c];
      }
    }
  }
  return x0;
}

function softmax(logits, size) {
  let most = -Infinity, sum = 0;
  for (let j = 0; j < size; j++) most = Math.max(most, logits[j]);
  const weights = new Float64Array(size);
  for (let j = 0; j < size; j++) sum += weights[j] = Math.exp(logits[j] - most);
  for (let j = 0; j < size; j++) weights[j] /= sum;
  return weights;
}

/** All weight on the first of the most probable colours. */
function mode(logits, size) {
  let best = 0;
  for (let j = 1; j < size; j++) if (logits[j] > logits[best]) best = j;
  const weights = new Float64Array(size);
  weights[best] = 1;
  return weights;
}
