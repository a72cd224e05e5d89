// From the noise to the first step that is visited, without the network: the flow of a normal
// distribution with mean and covariance of the training sprites, as spritelab.diffusion.first_leg.

export class Moments {
  /** @param told arrays by name, Float32Array: mean [D], shifts [K·D], colours [(K+1)·3], vectors [R·D], variances [R], rest [1] */
  constructor(told) {
    Object.assign(this, told);
    this.rest = told.rest[0];
  }

  /**
   * μ of a sprite, Float64Array [D].
   * @param context  weights of the classes, [K]
   * @param palette  its colours, each a list of levels, or null where none is known
   */
  meanOf(context, palette, guidance, channels) {
    const D = this.mean.length, area = D / channels;
    const weights = Array.from(context, weight => guidance * weight);
    const mean = Float64Array.from(this.mean, (value, i) =>
      weights.reduce((sum, weight, k) => sum + weight * this.shifts[k * D + i], value));
    if (!palette) return mean;
    const seen = palette.filter(colour => channels === 3 || colour[3] > 0);
    for (let c = 0; c < 3; c++) {
      const usual = weights.reduce(
        (sum, weight, k) => sum + weight * (this.colours[(k + 1) * 3 + c] - this.colours[c]), this.colours[c]);
      const own = seen.reduce((sum, colour) => sum + colour[c] / 127.5 - 1, 0) / Math.max(1, seen.length);
      for (let i = 0; i < area; i++) {
        const opacity = channels === 4 ? (mean[3 * area + i] + 1) / 2 : 1;
        mean[c * area + i] += opacity * (own - usual);
      }
    }
    return mean;
  }
}

/** x_t of sprites from x_T, Float32Array [B,C,H,W]; `means` are their μ. */
export function gaussianLeg(moments, schedule, x_T, means, t) {
  const ab_T = schedule.alphaBar(schedule.timesteps - 1), ab_t = schedule.alphaBar(t);
  const growth = variance => Math.sqrt((ab_t * variance + 1 - ab_t) / (ab_T * variance + 1 - ab_T));
  const D = moments.mean.length, rest = growth(moments.rest), x_t = new Float32Array(x_T.length);
  means.forEach((mean, b) => {
    const around = Float64Array.from(mean, (value, i) => x_T[b * D + i] - Math.sqrt(ab_T) * value);
    const moved = around.map((value, i) => Math.sqrt(ab_t) * mean[i] + rest * value);
    moments.variances.forEach((variance, r) => {
      const vector = moments.vectors.subarray(r * D, (r + 1) * D);
      const along = vector.reduce((sum, value, i) => sum + value * around[i], 0);
      const apart = along * (growth(variance) - rest);
      vector.forEach((value, i) => { moved[i] += apart * value; });
    });
    x_t.set(moved, b * D);
  });
  return x_t;
}
