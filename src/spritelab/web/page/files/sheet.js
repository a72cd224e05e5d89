// A sheet of sprites with the JSON that Aseprite writes beside it, as spritelab.sheets lays it out.

/**
 * @param sprites { name, tag, size, pixels } each, of one size
 * @returns { pixels, width, height, json }: sprites tag by tag, on a sheet about square
 */
export function layOut(sprites, image, version) {
  const size = sprites[0].size, columns = Math.ceil(Math.sqrt(sprites.length));
  const width = columns * size, height = Math.ceil(sprites.length / columns) * size;
  const pixels = new Uint8ClampedArray(width * height * 4);
  const names = unique(sprites.map(sprite => sprite.name));
  const placed = sprites
    .map((sprite, i) => ({ ...sprite, name: names[i] }))
    .sort((one, other) => (one.tag < other.tag ? -1 : one.tag > other.tag ? 1 : 0));
  const frames = {}, tags = [];
  placed.forEach((sprite, i) => {
    const x = (i % columns) * size, y = Math.floor(i / columns) * size, side = { w: size, h: size };
    for (let row = 0; row < size; row++) {
      const line = sprite.pixels.subarray(row * size * 4, (row + 1) * size * 4);
      pixels.set(line, ((y + row) * width + x) * 4);
    }
    frames[sprite.name] = {
      frame: { x, y, ...side },
      rotated: false,
      trimmed: false,
      spriteSourceSize: { x: 0, y: 0, ...side },
      sourceSize: side,
      duration: 100,
    };
    const last = tags.at(-1);
    if (last?.name === sprite.tag) last.to = i;
    else tags.push({ name: sprite.tag, from: i, to: i, direction: "forward" });
  });
  const meta = {
    app: "spritelab",
    version,
    image,
    format: "RGBA8888",
    size: { w: width, h: height },
    scale: "1",
    frameTags: tags,
    layers: [],
    slices: [],
  };
  return { pixels, width, height, json: `${JSON.stringify({ frames, meta }, null, 2)}\n` };
}

/** Names made to differ: the second of equal ones ends in -2, and so on. */
export function unique(names) {
  const taken = new Set();
  return names.map(name => {
    let own = name;
    for (let n = 2; taken.has(own); n++) own = `${name}-${n}`;
    taken.add(own);
    return own;
  });
}
