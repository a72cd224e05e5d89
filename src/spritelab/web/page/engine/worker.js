// The work, beside the page: models are loaded and sprites drawn here, so that the page never waits.
//
//   to the worker                                   from it
//   { kind: "load", id, file, bytes }               loading { done, total }…, loaded { facts }
//   { kind: "draw", id, file, asked, how }          begun { sprites }, step { … }…, done { seconds }
//   { kind: "steer", id, file, asked, how }         the same, from a sprite: asked has pixels, and by
//                                                   "redraw" strength, by "inpaint" mask, jump, resamplings
//   { kind: "watch", id, file, asked, hows }        begun, frame { side, … }…, done
//   { kind: "stop" }                                stopped, from whatever was going on
//
// Every answer has the id of what it answers; what goes wrong is failed { message }.

import { Model, complete, nfe, setRuntime } from "./model.js";
import { plane } from "./paths.js";
import { inpaint, keepKnown, redraw, requestGiven, walked } from "./steering.js";

const BATCH = 4; // sprites at a time, and one to begin with: it is there soon, and steps stay short

let runtime = null;
const models = new Map();
let current = null; // the id of the work that goes on; another one, or null, ends it

self.onmessage = async ({ data }) => {
  const work = { load, draw, steer, watch }[data.kind];
  if (data.kind !== "load") {
    // Whatever else is asked ends what is going on: one thing is drawn at a time.
    if (current !== null) post(current, "stopped");
    current = work ? data.id : null;
  }
  if (!work) return;
  try {
    await work(data);
  } catch (error) {
    post(data.id, "failed", { message: String(error?.message ?? error) });
  }
  if (current === data.id) current = null;
};

const post = (id, kind, rest = {}, transfer = []) => self.postMessage({ id, kind, ...rest }, transfer);

/** Let messages in, a stop among them; says whether to go on with the work of this id. */
async function goesOn(id) {
  await new Promise(resolve => setTimeout(resolve));
  return current === id;
}

async function load({ id, file, bytes, runtimeBytes }) {
  if (!models.has(file)) models.set(file, fetchModel(id, file, bytes, runtimeBytes));
  let model;
  try {
    model = await models.get(file);
  } catch (error) {
    models.delete(file);
    throw error;
  }
  const { palettes, schedule, moments: _, ...facts } = model.facts;
  const { alphaBars, lambdas, timesteps } = schedule;
  const lends = palettes && { most: palettes.most, count: palettes.sizes.length };
  post(id, "loaded", { facts: { ...facts, alphaBars, lambdas, timesteps, palettes: lends } });
}

async function fetchModel(id, file, bytes, runtimeBytes) {
  const parts = [0, 0], total = bytes + runtimeBytes;
  const told = part => done => {
    parts[part] = done;
    post(id, "loading", { done: parts[0] + parts[1], total });
  };
  runtime ??= fetchBytes("../runtime/ort.wasm", told(0)).then(setRuntime);
  const [content] = await Promise.all([fetchBytes(`../${file}`, told(1)), runtime]);
  post(id, "loading", { done: total, total });
  const model = await Model.load(content);
  // Once before it is needed: the browser translates the network's code when it first runs.
  const sprites = model.request({ seed: 0, numbers: [0] });
  for await (const _ of model.steps(complete(model.facts.sampling, model.facts), sprites)) break;
  return model;
}

async function fetchBytes(address, told) {
  const response = await fetch(new URL(address, import.meta.url));
  if (!response.ok) throw new Error(`${address.replace("../", "")}: ${response.status}`);
  const pieces = [];
  let done = 0;
  for (const reader = response.body.getReader(); ;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    pieces.push(value);
    told((done += value.length));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function draw({ id, file, asked, how: given }) {
  const model = await models.get(file);
  const how = complete(given, model.facts), sprites = model.request(asked);
  post(id, "begun", { how, nfe: nfe(how, model.facts.schedule), sprites: sprites.map(described) });
  await drawSome(id, model, sprites, some => model.steps(how, some), x => model.finished(x));
}

async function steer({ id, file, asked, how: given }) {
  const model = await models.get(file), { schedule, distilled } = model.facts;
  if (distilled) throw new Error("this model was distilled to draw from noise alone; take its teacher");
  const how = complete(given, model.facts), { sprites, seen } = requestGiven(model.facts, asked);
  post(id, "begun", { how, nfe: nfe(how, schedule, walked(asked, how, schedule)), sprites: sprites.map(described) });
  const walk = asked.by === "redraw" ? redraw : inpaint;
  // As in Python a sprite in part keeps its own colours, and is not seen in others.
  const from = asked.by === "redraw" ? { ...asked, pixels: seen } : asked;
  const finish = x => (asked.by === "redraw" ? model.finished(x) : keepKnown(model.finished(x), asked));
  await drawSome(id, model, sprites, some => walk(model, how, some, from), finish);
}

/** Draw some sprites at a time: `walk(some)` makes their steps, `finish(x)` pixels of the last x. */
async function drawSome(id, model, sprites, walk, finish) {
  const start = performance.now();
  for (let first = 0, count; first < sprites.length; first += count) {
    count = first === 0 ? 1 : BATCH;
    const some = sprites.slice(first, first + count);
    for await (const { t, t_prev, x } of walk(some)) {
      const last = t_prev === -1, pixels = last ? finish(x) : model.pixels(x);
      post(id, "step", { first, count: some.length, t, last, pixels }, [pixels.buffer]);
      if (!(await goesOn(id))) return;
    }
  }
  post(id, "done", { seconds: (performance.now() - start) / 1000 });
}

/** What the page is told of a sprite. */
const described = ({ number, label, lender, palette }) => ({ number, label, lender, palette });

/** One sprite by several samplers, from the same x_T: each moment as pixels, and the paths in a plane. */
async function watch({ id, file, asked, hows }) {
  const model = await models.get(file);
  const complete_ = hows.map(how => complete(how, model.facts));
  const sprites = model.request(asked), paths = [];
  const pairs = complete_.map(how => model.facts.schedule.pairs(how));
  post(id, "begun", { hows: complete_, pairs, nfe: complete_.map(how => nfe(how, model.facts.schedule)), sprites: sprites.map(described) });
  for (const [side, how] of complete_.entries()) {
    const start = performance.now();
    let x = model.begin(how, sprites);
    paths.push([x]);
    for await (const step of model.steps(how, sprites, x, { pairs: pairs[side] })) {
      const frame = { t: step.t, x_t: model.pixels(x), x0: model.pixels(step.x0), eps: noiseSeen(model, step.eps) };
      x = step.x;
      paths[side].push(x);
      const seconds = (performance.now() - start) / 1000;
      post(id, "frame", { side, frame, seconds });
      if (step.t_prev === -1) {
        const sprite = model.finished(x);
        post(id, "frame", { side, frame: { t: -1, x_t: sprite, x0: sprite, eps: frame.eps }, seconds });
      }
      if (!(await goesOn(id))) return;
    }
  }
  post(id, "done", { paths: plane(paths) });
}

/** ε̂ as a picture: -3 … 3 from black to white, alpha left out. */
function noiseSeen(model, eps) {
  const pixels = model.pixels(eps.map(value => value / 3));
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
  return pixels;
}
