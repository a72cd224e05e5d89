// Noise that is a pure function of a sprite's name: Philox4x32-10 and Box and Muller's transform, the
// same figures as spritelab.diffusion.noise. Source: Salmon et al. 2011, section 3.3.
//
//   key      the 64 bits of the seed, low word first
//   counter  (block, draw, number, stream); block b holds the normals 4b … 4b+3 of a draw
//   draw     0 is x_T; t + 1 is the z that the step from t adds
//   stream   0 is the sprite's own noise, 1 decides its class (draw 0) and its palette (draw 1),
//            1 + v is variation v ≥ 1

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57];
const WEYL = [0x9e3779b9, 0xbb67ae85];
const ROUNDS = 10;
const CHOICE_STREAM = 1;
const FIRST_VARIATION = 2;

/** The upper 32 bits of the product of two words, which a double does not hold whole. */
function mulHigh(a, b) {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor((a0 * b1 + (middle & 0xffff)) / 65536) + Math.floor(middle / 65536)) >>> 0;
}

/** Philox4x32-10: four words from a counter of four words and a key of two. */
export function philox([c0, c1, c2, c3], [k0, k1]) {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(c0, MULTIPLIERS[0]), low0 = Math.imul(c0, MULTIPLIERS[0]) >>> 0;
    const high1 = mulHigh(c2, MULTIPLIERS[1]), low1 = Math.imul(c2, MULTIPLIERS[1]) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The two words of a seed in 0 … 2^63 - 1, given as a number, a BigInt or a string of digits. */
export function keyOf(seed) {
  const whole = BigInt(seed);
  return [Number(whole & 0xffffffffn), Number(whole >> 32n)];
}

/** (r + ½)·2^-32 lies inside (0, 1): the logarithm is finite. */
const unit = word => (word + 0.5) * 2 ** -32;

/**
 * The noise of one sprite.
 * @param seed      see keyOf
 * @param number    of the sprite, 0 … 2^32 - 1
 * @param variation 0 is the sprite itself; v > 0 has the same x_T and other noise on the way
 */
export class Noise {
  constructor(seed, number, variation = 0) {
    this.key = keyOf(seed);
    this.number = number;
    this.variation = variation;
  }

  /** The noise of another variation of the sprite. */
  varied(variation) {
    return Object.assign(Object.create(Noise.prototype), this, { variation });
  }

  /** `count` standard normal numbers of a draw, Float32Array, rounded from doubles. */
  normal(draw, count) {
    return this.drawn(draw, draw === 0 ? 0 : this.stream, count);
  }

  /** The same, but draw 0 of the variation's own stream; x_T itself for variation 0. */
  startOfVariation(count) {
    return this.drawn(0, this.stream, count);
  }

  get stream() {
    return this.variation === 0 ? 0 : this.variation + FIRST_VARIATION - 1;
  }

  drawn(draw, stream, count) {
    const normals = new Float32Array(Math.ceil(count / 4) * 4);
    for (let block = 0; 4 * block < count; block++) {
      const words = philox([block, draw, this.number, stream], this.key);
      for (let pair = 0; pair < 2; pair++) {
        const radius = Math.sqrt(-2 * Math.log(unit(words[2 * pair])));
        const angle = 2 * Math.PI * unit(words[2 * pair + 1]);
        normals[4 * block + 2 * pair] = radius * Math.cos(angle);
        normals[4 * block + 2 * pair + 1] = radius * Math.sin(angle);
      }
    }
    return normals.subarray(0, count);
  }

  /** A number in (0, 1), a choice of the sprite's own: draw 0 is that of its class, 1 its palette. */
  uniform(draw) {
    return unit(philox([0, draw, this.number, CHOICE_STREAM], this.key)[0]);
  }
}

/** Noise of several sprites, one after another: Float32Array of noises.length · count. */
export const normals = (noises, draw, count) => joined(noises, count, noise => noise.normal(draw, count));

/** The same of their variations' own draw 0. */
export const startsOfVariations = (noises, count) => joined(noises, count, noise => noise.startOfVariation(count));

function joined(noises, count, drawn) {
  const all = new Float32Array(noises.length * count);
  noises.forEach((noise, row) => all.set(drawn(noise), row * count));
  return all;
}
