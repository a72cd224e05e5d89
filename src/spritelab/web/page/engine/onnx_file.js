// Reading what an ONNX file of spritelab says of itself. ONNX Runtime Web does not show a file's
// metadata, so the few fields of protobuf that lead there are read by hand.

import { Moments } from "./first_leg.js";
import { Schedule } from "./schedule.js";
import { TrainingPalettes } from "./palettes.js";

const METADATA = 14; // ModelProto.metadata_props: entries of key (1) and value (2)
const KEY = "spritelab";
const FORMAT = 1;
const NOISE = 2; // the version of the noise that is spoken here, see noise.js

/** The fields of a protobuf message that are bytes, as [number, Uint8Array]. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0, scale = 1, byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < bytes.length) {
    const tag = varint(), wire = tag % 8;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      yield [Math.floor(tag / 8), bytes.subarray(at, (at += length))];
    } else throw new Error("no ONNX file");
  }
}

/** The JSON that spritelab put into a file; throws an Error where there is none. */
export function readMetadata(bytes) {
  const text = part => new TextDecoder().decode(part);
  for (const [number, entry] of fields(bytes)) {
    if (number !== METADATA) continue;
    const { 1: key, 2: value } = Object.fromEntries(fields(entry));
    if (text(key) === KEY) return JSON.parse(text(value));
  }
  throw new Error("not exported by spritelab");
}

/** The facts of a model, its arrays decoded. */
export async function readFacts(bytes) {
  const told = readMetadata(bytes);
  if (told.format > FORMAT || told.noise !== NOISE) throw new Error("exported by another version of spritelab");
  const alphaBars = new Float64Array(fromBase64(told.schedule.alpha_bars).buffer);
  return {
    name: told.name,
    size: told.size,
    channels: told.channels,
    classNames: told.class_names,
    classCounts: told.class_counts,
    prediction: told.prediction,
    hardAlpha: told.hard_alpha,
    scheduleName: told.schedule.name,
    schedule: new Schedule(alphaBars),
    sampling: told.sampling,
    calibrated: told.calibrated ?? [],
    distilled: told.distilled ?? false,
    moments: told.moments ? readMoments(told.moments) : null,
    licence: told.licence,
    source: told.source,
    url: told.url,
    updates: told.updates,
    palettes: told.palettes ? await readPalettes(told.palettes, told.channels) : null,
  };
}

function readMoments(told) {
  const read = text => new Float32Array(fromBase64(text).buffer);
  return new Moments(Object.fromEntries(Object.entries(told).map(([name, text]) => [name, read(text)])));
}

async function readPalettes(told, channels) {
  const [sizes, labels, colours] = await Promise.all(
    [told.sizes, told.labels, told.colours].map(text => inflate(fromBase64(text))));
  return new TrainingPalettes({
    ...told,
    sizes: new Uint16Array(sizes.buffer),
    labels: new Uint16Array(labels.buffer),
    colours,
  }, channels);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
