// All that Train says, in English, as ui/strings.js has the rest of the page.

const several = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

export const train = {
  title: "Train",
  heading: "Learn your own sprites",
  intro: "Choose pictures, see whether they are read as you mean them, and let a model learn them.",
  gone: "the server has gone; start it again, and reload the page",

  sprites: "Sprites",
  folder: "Folder …",
  file: "File …",
  drop: "or drop them here: a folder, a sheet, a .zip or .tar.gz, an .aseprite",
  packing: (done, n) => `Reading ${done} of ${n} files …`,
  sending: share => `Sending: ${Math.round(100 * share)} %`,
  looking: "Looking at them …",
  no_pictures: "There are no pictures in it.",
  cut: "A sprite is",
  cuts: { files: "a file", tile: "a tile of a sheet", auto: "found on a sheet" },
  tile: "Tile, pixels",
  size: "Size",
  sizes: { "": "as it is", 16: "16×16", 32: "32×32" },
  pad: "Set smaller ones on a square",
  snap: "Bring enlarged art back to its pixels",
  transparent: "Transparent colour",

  minutes: "Minutes",
  init: "Begin from",
  nothing: "nothing",
  best: name => `${name}, closest to these sprites`,
  init_hint: "A model that can draw already needs far fewer sprites, and less time.",
  palette: "Few hard colours (palette)",
  palette_hint: "Each pixel takes a colour of its sprite’s palette. Leave it out for soft, painted art.",
  palette_fixed: name => `As ${name} has it.`,
  mirror: "Mirrored sprites are right, too",
  name: "Name",
  go: "Train",

  set: "Your sprites",
  facts: ({ n, size, channels, classes }) =>
    `${several(n, "sprite", "sprites")}, ${size}×${size} ${channels === 4 ? "with transparency" : "without transparency"}, ` +
    `${several(classes.length, "class", "classes")}: ${classes.map(one => `${one.name} ${one.n}`).join(", ")}`,
  left_out: (n, reason) => `Left out: ${n.toLocaleString("en")} ${reason}`,
  sheet: "Contact sheet: some sprites of each class",
  parents: "Loss on ε of the models that come along, on these sprites: less is better.",

  runs: "Runs",
  none: "None yet. What is trained here or by spritelab train is listed here.",
  state: {
    running: "running", waiting: "waiting", finished: "finished", stopped: "stopped", failed: "failed",
  },
  phase: {
    starting: "starting", reading: "reading the sprites", training: "training", pictures: "drawing its pictures",
  },
  waits: place => (place === 1 ? "One run at a time: it is next." : `One run at a time: number ${place} in the queue.`),
  progress: ({ step, progress, minutes }) =>
    `${step ? `${several(step, "update", "updates")}, ` : ""}${Math.round(100 * progress)} %` +
    `${minutes ? ` of ${several(minutes, "minute", "minutes")}` : ""}`,
  begun_from: name => `begun from ${name}`,
  stop: "Stop",
  stopping: "Stopping …",
  resume: "Go on",
  again: "Try again",
  rename: "Rename",
  new_name: "Another name of the run",
  remove: "Remove",
  sure: "Remove for good",
  draw: "Draw",
  show: "Curve and samples",
  loss: "Loss",
  loss_text: "of the training sprites, and (points) of sprites that it never sees: where these rise, it learns by heart.",
  chart: (n, last) => `The loss over ${several(n, "point", "points")}; at the end ${last}.`,
  training: "training",
  held_out: "held out",
  samples: step => `Drawn after ${several(step, "update", "updates")}`,
  no_samples: "Samples come along the way.",
};
