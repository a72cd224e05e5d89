// Where model values become pixels, as spritelab.pixels: float32 [B,C,H,W] in [-1, 1] to RGBA bytes
// [B,H,W,4]. Sprites without alpha come out opaque.

import { roundHalfEven } from "./schedule.js";

/** RGBA bytes [H,W,4] to model values, Float32Array [C,H,W]. */
export function encode(pixels, C) {
  const area = pixels.length / 4;
  return Float32Array.from({ length: C * area }, (_, e) => {
    const level = pixels[4 * (e % area) + Math.floor(e / area)];
    return Math.fround(level / 127.5) - 1;
  });
}

/** x to levels, rounded in float32 as torch rounds: Uint8ClampedArray [B,H,W,4]. */
export function decode(x, B, C) {
  const area = x.length / (B * C);
  const pixels = new Uint8ClampedArray(B * area * 4).fill(255);
  for (let b = 0; b < B; b++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < area; i++) {
        const value = Math.fround(x[(b * C + c) * area + i]);
        const level = Math.fround(Math.fround(value + 1) * 127.5);
        pixels[(b * area + i) * 4 + c] = roundHalfEven(level);
      }
    }
  }
  return pixels;
}

/** Finished sprites: alpha made hard or settled as the model has it, hidden colours cleared. */
export function finish(pixels, { palette, hardAlpha }) {
  const done = pixels.slice();
  for (let i = 0; i < done.length; i += 4) {
    const alpha = done[i + 3];
    if (!palette) done[i + 3] = hardAlpha ? (alpha >= 128 ? 255 : 0) : settled(alpha);
    if (done[i + 3] === 0) done[i] = done[i + 1] = done[i + 2] = 0;
  }
  return done;
}

/** Almost transparent or almost opaque becomes so altogether; soft edges stay. */
function settled(alpha, margin = 16) {
  return alpha <= margin ? 0 : alpha >= 255 - margin ? 255 : alpha;
}
