// A model's file as the page loads it: ONNX whose float16 weights lie apart, upper bytes from lower, as
// spritelab.web.packing writes it.

const MAGIC = 0x31504c53; // "SLP1"

/** The ONNX file, Uint8Array; what is not packed comes back as it is. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== MAGIC) return bytes;
  const n = view.getUint32(4, true), number = i => view.getUint32(8 + 4 * i, true);
  const ranges = Array.from({ length: n }, (_, i) => [number(2 * i), number(2 * i + 1)]);
  const numbers = ranges.reduce((sum, [, length]) => sum + length / 2, 0);
  const low = bytes.length - 2 * numbers, high = low + numbers;
  const whole = new Uint8Array(bytes.length - 8 - 8 * n);
  let from = 8 + 8 * n, to = 0, taken = 0;
  for (const [start, length] of ranges) {
    whole.set(bytes.subarray(from, from + start - to), to);
    from += start - to;
    for (to = start; to < start + length; to += 2, taken++) {
      whole[to] = bytes[low + taken];
      whole[to + 1] = bytes[high + taken];
    }
  }
  whole.set(bytes.subarray(from, low), to);
  return whole;
}
