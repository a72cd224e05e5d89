// In which colours sprites are drawn: palettes that training sprites lend, or one that is given. As
// spritelab.palette and spritelab.generate.palettes. A colour is [r, g, b] or [r, g, b, a], 0 … 255.

import { LAB, LMS } from "./oklab.js";

const HEX = /^#?([0-9a-f]{6}|[0-9a-f]{8})$/i;
const LINEAR = Float64Array.from({ length: 256 }, (_, level) => {
  const s = level / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

const times = (matrix, v) => matrix.map(row => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);

/** sRGB levels to OKLab. */
export function toOklab([r, g, b]) {
  return times(LAB, times(LMS, [LINEAR[r], LINEAR[g], LINEAR[b]]).map(Math.cbrt));
}

/** A colour as a point whose distance to others is ΔE with alpha, see spritelab.palette.oklab. */
function toPoint(colour) {
  const alpha = colour.length === 4 ? colour[3] / 255 : 1, [L, a, b] = toOklab(colour);
  return [alpha * (L - 0.5), alpha * a, alpha * b, alpha / 2];
}

/** Read colours such as #rrggbb or #rrggbbaa; returns { colours } or { wrong: the first that is none }. */
export function parseHex(text) {
  const codes = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = codes.find(code => !HEX.test(code));
  if (wrong !== undefined) return { wrong };
  const digits = codes.map(code => code.replace("#", ""));
  const channels = digits.some(one => one.length === 8) ? 4 : 3;
  const colours = digits.map(one =>
    one.padEnd(2 * channels, "f").match(/../g).map(pair => Number.parseInt(pair, 16)));
  return { colours };
}

const clear = colour => (colour.length === 4 && colour[3] === 0 ? [0, 0, 0, 0] : colour);

/** Distinct colours in the order of a palette: transparent first, then from dark to light. */
export function ordered(colours) {
  const found = new Map(colours.map(clear).map(colour => [pack(colour), colour]));
  return [...found]
    .map(([number, colour]) => ({ number, colour, light: toOklab(colour)[0] }))
    .sort((one, other) => one.light - other.light || one.number - other.number)
    .map(({ colour }) => colour);
}

const pack = ([r, g, b, a = 255]) => ((r * 256 + g) * 256 + b) * 256 + a;

/** The palettes of a model's training sprites. */
export class TrainingPalettes {
  constructor({ sizes, labels, colours, most, have_transparent }, channels) {
    Object.assign(this, { sizes, labels, colours, channels, most, haveTransparent: have_transparent });
    this.starts = new Uint32Array(sizes.length);
    for (let i = 1; i < sizes.length; i++) this.starts[i] = this.starts[i - 1] + sizes[i - 1];
  }

  palette(i) {
    return Array.from({ length: this.sizes[i] }, (_, j) => {
      const at = (this.starts[i] + j) * this.channels;
      return [...this.colours.subarray(at, at + this.channels)];
    });
  }

  /** A training sprite of the class (any, for -1 or none of it), as the sprite's own noise decides. */
  lender(noise, label) {
    let able = [];
    this.labels.forEach((own, i) => own === label && able.push(i));
    if (!able.length) able = [...this.labels.keys()];
    return able[Math.floor(noise.uniform(1) * able.length)];
  }

  /** A given palette with the channels of these, transparent where they are; null if nothing is left. */
  fitChannels(palette) {
    const seen = palette.filter(colour => colour[3] !== 0);
    if (!seen.length) return null;
    if (this.channels === 3) return ordered(seen.map(onWhite));
    const opaque = seen.map(colour => (colour.length === 4 ? colour : [...colour, 255]));
    const transparent = this.haveTransparent || seen.length < palette.length;
    return ordered(transparent ? [[0, 0, 0, 0], ...opaque] : opaque);
  }
}

function onWhite([r, g, b, a = 255]) {
  return [r, g, b].map(level => Math.floor((level * a + 255 * (255 - a) + 127) / 255));
}

/** Those colours of a palette that are nearest to some colour of the one lent. */
export function coloursNearest(palette, lent) {
  const points = palette.map(toPoint);
  const chosen = new Set(lent.map(colour => nearestPoint(toPoint(colour), points)));
  return palette.filter((_, j) => chosen.has(j));
}

/** The distinct colours of a sprite, RGBA bytes, as a palette of so many channels. */
export function coloursOf(pixels, channels) {
  const found = new Map();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = [...pixels.subarray(i, i + channels)];
    found.set(pack(colour), colour);
  }
  return ordered([...found.values()]);
}

/** A sprite, RGBA bytes, in the colours of a palette: each pixel in the nearest. */
export function inColours(pixels, palette) {
  const channels = palette[0].length, points = palette.map(toPoint), seen = pixels.slice();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = clear([...pixels.subarray(i, i + channels)]);
    seen.set(palette[nearestPoint(toPoint(colour), points)], i);
  }
  return seen;
}

/** The first of the nearest; an opaque point goes to a transparent one only if there is no other. */
function nearestPoint(point, centres) {
  let best = 0, least = Infinity;
  centres.forEach((centre, j) => {
    if (centre[3] === 0 && point[3] === 0.5) return;
    const squared = centre.reduce((sum, value, i) => sum + (point[i] - value) ** 2, 0);
    if (squared < least) [best, least] = [j, squared];
  });
  return best;
}

/** Palettes of B sprites as the network takes them: colours in [-1, 1], padded to the largest. */
export function encodePalettes(palettes, channels) {
  const sizes = palettes.map(palette => palette.length), most = Math.max(...sizes);
  const colours = new Float32Array(palettes.length * most * channels).fill(-1);
  const used = new Uint8Array(palettes.length * most);
  palettes.forEach((palette, b) => palette.forEach((colour, j) => {
    used[b * most + j] = 1;
    colour.forEach((level, c) => {
      colours[(b * most + j) * channels + c] = Math.fround(level / 127.5) - 1;
    });
  }));
  return { colours, used, sizes, most };
}
