// Several files as one: ZIP without compression, since PNGs are compressed already.

import { concat, crc32 } from "./png.js";

const VERSION = 20, UTF8 = 0x0800;

/** @param files { name: Uint8Array or text, … } */
export function encodeZip(files) {
  const locals = [], central = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const path = new TextEncoder().encode(name), crc = crc32(data);
    // Version, flags, no compression, 1980-01-01 00:00, CRC, both sizes, lengths of name and extra.
    const shared = [[VERSION, 2], [UTF8, 2], [0, 2], [0, 2], [33, 2], [crc, 4], [data.length, 4],
      [data.length, 4], [path.length, 2], [0, 2]];
    const local = concat([record(0x04034b50, shared), path, data]);
    central.push(record(0x02014b50, [[VERSION, 2], ...shared, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]]), path);
    locals.push(local);
    offset += local.length;
  }
  const directory = concat(central), n = locals.length;
  const end = record(0x06054b50, [[0, 2], [0, 2], [n, 2], [n, 2], [directory.length, 4], [offset, 4], [0, 2]]);
  return concat([...locals, directory, end]);
}

/** A signature and numbers of 2 or 4 bytes, little-endian. */
function record(signature, numbers) {
  return Uint8Array.from([[signature, 4], ...numbers].flatMap(([value, length]) =>
    Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256)));
}
