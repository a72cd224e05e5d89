// GIF of a denoising, GIF89a: each frame has colours of its own, exactly where it has at most 256.

import { concat } from "./png.js";

const SCALE = 8, GAP = 8, HOLD = 150, SECONDS = 3; // HOLD is in hundredths of a second
const LIGHT = 255, DARK = 229; // of the checkers behind transparent pixels

/** @param sprites for each sprite its frames, RGBA bytes [size,size,4] */
export function encodeGif(sprites, size) {
  const length = Math.max(...sprites.map(frames => frames.length));
  const columns = Math.ceil(Math.sqrt(sprites.length)), rows = Math.ceil(sprites.length / columns);
  const gap = sprites.length > 1 ? GAP : 0;
  const width = columns * (size * SCALE + gap) - gap, height = rows * (size * SCALE + gap) - gap;
  const delay = Math.max(2, Math.round((100 * SECONDS) / length));
  const parts = [header(width, height)];
  for (let k = 0; k < length; k++) {
    const picture = new Uint8Array(width * height * 3).fill(LIGHT);
    sprites.forEach((frames, i) => {
      const left = (i % columns) * (size * SCALE + gap), top = Math.floor(i / columns) * (size * SCALE + gap);
      lay(frames[Math.min(k, frames.length - 1)], size, picture, width, left, top);
    });
    parts.push(...frame(picture, width, height, k === length - 1 ? HOLD : delay));
  }
  return concat([...parts, Uint8Array.of(0x3b)]);
}

/** Lay an enlarged sprite on checkers. */
function lay(pixels, size, picture, width, left, top) {
  for (let y = 0; y < size * SCALE; y++) {
    for (let x = 0; x < size * SCALE; x++) {
      const from = 4 * (Math.floor(y / SCALE) * size + Math.floor(x / SCALE));
      const ground = (Math.floor(x / SCALE) + Math.floor(y / SCALE)) % 2 ? LIGHT : DARK;
      const alpha = pixels[from + 3], to = 3 * ((top + y) * width + left + x);
      for (let c = 0; c < 3; c++) {
        picture[to + c] = Math.floor((pixels[from + c] * alpha + ground * (255 - alpha) + 127) / 255);
      }
    }
  }
}

const words = (...values) => values.flatMap(value => [value & 255, value >> 8]);
const ascii = text => [...text].map(character => character.charCodeAt(0));

/** The screen, without colours shared by all frames, and the note that the film goes round. */
function header(width, height) {
  return Uint8Array.of(...ascii("GIF89a"), ...words(width, height), 0x70, 0, 0,
    0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0);
}

function frame(picture, width, height, delay) {
  const { table, indices } = indexed(picture);
  return [
    Uint8Array.of(0x21, 0xf9, 4, 0x04, ...words(delay), 0, 0, 0x2c, ...words(0, 0, width, height), 0x87),
    table,
    Uint8Array.of(8),
    ...blocks(lzw(indices)),
    Uint8Array.of(0),
  ];
}

/** Colours and indices; of more than 256 colours those of a cube of 6 × 7 × 6. */
function indexed(picture) {
  const levels = [6, 7, 6];
  const exact = index(picture, value => value);
  return exact ?? index(picture, (value, c) => Math.round(Math.round((value * (levels[c] - 1)) / 255) * 255 / (levels[c] - 1)));
}

function index(picture, rounded) {
  const table = new Uint8Array(768), indices = new Uint8Array(picture.length / 3), known = new Map();
  for (let i = 0; i < indices.length; i++) {
    const colour = [0, 1, 2].map(c => rounded(picture[3 * i + c], c));
    const key = (colour[0] << 16) | (colour[1] << 8) | colour[2];
    if (!known.has(key)) {
      if (known.size === 256) return null;
      table.set(colour, 3 * known.size);
      known.set(key, known.size);
    }
    indices[i] = known.get(key);
  }
  return { table, indices };
}

/** Variable-length LZW of bytes, as GIF has it. Source: GIF89a, appendix F. */
function lzw(indices) {
  const CLEAR = 256, END = 257, bytes = [];
  let bits = 0, held = 0, size = 9, next = END + 1, known = new Map();
  const write = code => {
    held |= code << bits;
    for (bits += size; bits >= 8; bits -= 8) {
      bytes.push(held & 255);
      held >>>= 8;
    }
  };
  write(CLEAR);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = prefix * 256 + indices[i], code = known.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    write(prefix);
    if (next < 4096) {
      known.set(key, next++);
      if (next - 1 === 1 << size && size < 12) size++;
    } else {
      write(CLEAR);
      [size, next, known] = [9, END + 1, new Map()];
    }
    prefix = indices[i];
  }
  write(prefix);
  write(END);
  if (bits) bytes.push(held & 255);
  return bytes;
}

/** Blocks of at most 255 bytes, each after its length. */
function* blocks(bytes) {
  for (let at = 0; at < bytes.length; at += 255) {
    const some = bytes.slice(at, at + 255);
    yield Uint8Array.of(some.length, ...some);
  }
}
