// A model in the browser: the network by ONNX Runtime Web, all else by the modules beside this one.

import * as ort from "../runtime/ort.js";
import { gaussianLeg } from "./first_leg.js";
import { read } from "./heads.js";
import { normals } from "./noise.js";
import { readFacts } from "./onnx_file.js";
import { unpack } from "./packing.js";
import { encodePalettes } from "./palettes.js";
import { decode, finish } from "./pixels.js";
import { makeRequest } from "./request.js";
import { samplerSteps } from "./samplers.js";
import { DEFAULT_SPACING } from "./schedule.js";

// One thread: more would need a host that isolates the page from all others.
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Give the runtime its WebAssembly; before the first model. */
export function setRuntime(wasm) {
  ort.env.wasm.wasmBinary = wasm;
}

const DEFAULT_STEPS = { ddpm: null, ddim: 50, dpm: 10 };

/** Of a student, what it was distilled for, as spritelab.generate.students has it. */
const OWN = ["sampler", "steps", "times", "start", "first_leg", "spacing", "eta", "variance", "guidance"];

/**
 * Settings of a sampler with all that is not given filled in, as spritelab.config.sampler does;
 * an Error for what a student was not distilled for.
 */
export function complete(how, facts) {
  const full = filled(how, facts);
  if (facts.distilled && OWN.some(name => String(full[name]) !== String(facts.sampling[name]))) {
    throw new Error("this model was distilled to draw in its own steps, and draws by nothing else");
  }
  return full;
}

function filled(how, { schedule: { timesteps }, calibrated = [] }) {
  const { sampler } = how, start = how.start ?? "noise";
  const steps = how.times?.length ?? how.steps ?? Math.min(DEFAULT_STEPS[sampler] ?? timesteps, timesteps);
  // Steps that were calibrated for the model, where nothing is said of which they are.
  const open = !how.times && !how.spacing && !how.first_leg && start === "noise" && !how.eta;
  const chosen = open && calibrated.find(one => one.sampler === sampler && one.times.length === steps);
  return {
    sampler,
    steps,
    times: chosen ? chosen.times : how.times ?? null,
    spacing: chosen || how.times ? null : how.spacing ?? DEFAULT_SPACING[sampler],
    start,
    first_leg: chosen ? chosen.first_leg : how.first_leg ?? "none",
    eta: sampler === "ddim" ? how.eta ?? 0 : null,
    variance: sampler === "ddpm" ? how.variance ?? "posterior" : null,
    guidance: how.guidance ?? 1,
    guidance_interval: how.guidance_interval ?? null,
    clip: how.clip ?? true,
  };
}

/** Network evaluations of a sprite over pairs (t, t_prev); a guided step takes two. */
export function nfe(how, schedule, pairs = schedule.pairs(how)) {
  const twice = how.guidance === 0 || how.guidance === 1 ? [] : pairs.filter(([t]) => isGuided(how, schedule, t));
  return pairs.length + twice.length;
}

/** Whether the step from t is guided: λ is in the interval, if there is one. */
function isGuided({ guidance, guidance_interval }, schedule, t) {
  const [low, high] = guidance_interval ?? [-Infinity, Infinity];
  return guidance !== 1 && low <= schedule.lambdas[t] && schedule.lambdas[t] <= high;
}

export class Model {
  /** @param file an ONNX file that spritelab exported, packed for the page or not, Uint8Array */
  static async load(file) {
    const bytes = unpack(file);
    const facts = await readFacts(bytes);
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    return new Model(facts, session);
  }

  constructor(facts, session) {
    this.facts = facts;
    this.session = session;
  }

  /** Let the memory of the network go. */
  release() {
    return this.session.release();
  }

  /** The sprites that are asked for, see makeRequest. */
  request(asked) {
    return makeRequest(this.facts, asked);
  }

  /** x_T of sprites, Float32Array [B,C,H,W]. */
  firstNoise(sprites) {
    const { channels, size } = this.facts;
    return normals(sprites.map(sprite => sprite.noise), 0, channels * size * size);
  }

  /**
   * Walk along a chain: the sampler at work on sprites of a request, from x_T.
   * @param x      noise, from which the first leg leads; with pairs, x at the first t of them
   * @param chain  pairs and constrain, see samplers.js
   */
  steps(how, sprites, x = this.firstNoise(sprites), chain = {}) {
    const noises = sprites.map(sprite => sprite.noise);
    if (!chain.pairs) x = this.begin(how, sprites, x);
    return samplerSteps(how, this.denoiser(how, sprites), this.facts.schedule, x, noises, chain);
  }

  /** x at the first step that `how` visits: x_T itself, or where its first leg ends. */
  begin(how, sprites, x_T = this.firstNoise(sprites)) {
    if (how.first_leg !== "gaussian") return x_T;
    const { moments, schedule, channels, palettes } = this.facts;
    // Like a step, it is guided if it starts where steps are.
    const guidance = isGuided(how, schedule, schedule.timesteps - 1) ? how.guidance : 1;
    const means = sprites.map(({ context, palette }) =>
      moments.meanOf(context, palettes ? palette : null, guidance, channels));
    return gaussianLeg(moments, schedule, x_T, means, schedule.pairs(how)[0][0]);
  }

  /** `denoise(x, t, last)` → { x0, eps } for these sprites, guidance included. */
  denoiser(how, sprites) {
    const { guidance, clip } = how;
    const { prediction, schedule, channels } = this.facts;
    const palettes = this.facts.palettes
      ? encodePalettes(sprites.map(sprite => sprite.palette), channels)
      : null;
    const K = this.facts.classNames.length;
    const context = new Float32Array(sprites.length * K), noClass = new Float32Array(sprites.length * K);
    sprites.forEach((sprite, b) => context.set(sprite.context, b * K));
    return async (x, t, last) => {
      let output;
      const guided = isGuided(how, schedule, t);
      if (guided && guidance !== 0) {
        // f(∅) + w·(f(c) - f(∅)), Ho and Salimans 2022, in one call on a batch of 2·B.
        const both = await this.ask(twice(x), t, withZeros(context), palettes && twiceAll(palettes));
        output = guide(both, Math.fround(guidance));
      } else {
        output = await this.ask(x, t, guided ? noClass : context, palettes);
      }
      return read(prediction, output, x, schedule, t, { clip, last, palettes });
    };
  }

  /** f(x_t, t, context): the output of the network, Float32Array. */
  async ask(x, t, context, palettes) {
    const { channels, size, classNames } = this.facts;
    const B = context.length / classNames.length;
    const feeds = {
      x_t: new ort.Tensor("float32", x, [B, channels, size, size]),
      t: new ort.Tensor("int64", new BigInt64Array(B).fill(BigInt(t)), [B]),
      context: new ort.Tensor("float32", context, [B, classNames.length]),
    };
    if (palettes) {
      const { colours, used, most } = palettes;
      feeds.colours = new ort.Tensor("float32", colours, [B, most, channels]);
      feeds.used = new ort.Tensor("bool", used, [B, most]);
    }
    const { output } = await this.session.run(feeds);
    return output.data;
  }

  /** x as it is on the way, RGBA bytes [B,H,W,4]. */
  pixels(x) {
    const { channels, size } = this.facts;
    return decode(x, x.length / (channels * size * size), channels);
  }

  /** A sampler's last x as finished sprites, RGBA bytes [B,H,W,4]. */
  finished(x) {
    const { palettes, hardAlpha } = this.facts;
    return finish(this.pixels(x), { palette: palettes !== null, hardAlpha });
  }
}

function twice(array) {
  const both = new array.constructor(2 * array.length);
  both.set(array);
  both.set(array, array.length);
  return both;
}

const withZeros = array => {
  const both = new Float32Array(2 * array.length);
  both.set(array);
  return both;
};

const twiceAll = ({ colours, used, most }) => ({ colours: twice(colours), used: twice(used), most });

/** Guidance on the output, in float32 as torch computes it. */
function guide(both, weight) {
  const n = both.length / 2;
  return Float32Array.from({ length: n }, (_, i) => {
    const none = both[n + i];
    return none + Math.fround(weight * Math.fround(both[i] - none));
  });
}
