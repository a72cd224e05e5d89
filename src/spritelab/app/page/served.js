// What the page has besides when `spritelab app` serves it: the server draws, and there is Train.

import { Schedule } from "../engine/schedule.js";
import { hexOf } from "../ui/colour_code.js";
import { $, el } from "../ui/dom.js";
import { fillIn, text } from "../ui/strings.js";
import { base64, bytes, call, listen } from "./api.js";
import { train } from "./strings.js";
import { TrainPlace } from "./train.js";

let drawing = new AbortController();

/** The server in the place of the worker: the same questions, the same answers (engine/worker.js). */
export const server = {
  async ask(kind, request, heard = () => {}) {
    if (kind === "load") return { kind: "loaded", facts: await facts(request.file) };
    drawing.abort();
    const { signal } = (drawing = new AbortController());
    try {
      return await { draw, steer, watch }[kind](request, heard, signal);
    } catch (error) {
      if (signal.aborted) return { kind: "stopped" };
      throw error;
    }
  },
  stop: () => drawing.abort(),
};

async function facts(file) {
  const told = await call(`models/${encodeURIComponent(nameOf(file))}`);
  const { alphaBars, lambdas, timesteps } = new Schedule(new Float64Array(bytes(told.alpha_bars).buffer));
  return { ...told, classNames: told.class_names, alphaBars, lambdas, timesteps };
}

const draw = ({ file, asked, how }, heard, signal) =>
  drawn("draw", { model: nameOf(file), ...request(asked), ...how }, heard, signal);

const steer = ({ file, asked: { pixels, mask, ...asked }, how }, heard, signal) =>
  drawn("steer", {
    model: nameOf(file), ...request(asked), ...how, pixels: base64(pixels), mask: mask ? base64(mask) : null,
  }, heard, signal);

async function drawn(address, asked, heard, signal) {
  const json = given(asked);
  let done = null;
  await listen(address, { method: "POST", json, signal }, (kind, told) => {
    if (kind === "done") done = { kind, ...told };
    else if (kind === "begun") heard({ kind, ...told });
    else heard({ kind: "step", ...told, last: kind === "sprites", pixels: bytes(told.pixels) });
  });
  return done ?? gone();
}

async function watch({ file, asked, hows, ideal }, heard, signal) {
  const json = given({ model: nameOf(file), ...request(asked), hows: hows.map(given), ideal });
  let done = null;
  await listen("watch", { method: "POST", json, signal }, (kind, told) => {
    if (kind === "done") done = { kind, ...told };
    else if (kind === "begun") heard({ kind, ...told });
    else {
      const { t, ...pictures } = told.frame;
      for (const name in pictures) pictures[name] = bytes(pictures[name]);
      heard({ kind, ...told, frame: { t, ...pictures } });
    }
  });
  return done ?? gone();
}

function gone() {
  throw new Error(text.train.gone);
}

/** A request as the API has it; colours as #rrggbb. */
const request = ({ palette, ...asked }) => ({ ...asked, palette: palette && palette.map(hexOf) });
const given = values => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
const nameOf = file => file.split("?")[0];

/**
 * Add Train to the page.
 * @param places   of the page, by name
 * @param renewed  is told of the list of models whenever it may be another one
 */
export function begin(places, renewed) {
  text.train = train;
  document.head.append(el("link", { rel: "stylesheet", href: new URL("train.css", import.meta.url).href }));
  document.querySelector(".places").append(el("a", { href: "#train", "data-place": "train", "data-t": "train.title" }));
  places.watch.offerIdeal();
  places.train = new TrainPlace(async () => renewed((await call("models")).models.map(listed)));
  $("content").append(places.train.section);
  fillIn(document.querySelector(".places"));
}

/** A model as the page lists it; another version of it is another file. */
const listed = ({ name, version }) => ({ name, file: `${name}?${version}`, bytes: 0 });
