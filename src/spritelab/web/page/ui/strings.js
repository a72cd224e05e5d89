// All that the page says, in English. To translate it, translate this file.

const several = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const seconds = s => `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;

export const SAMPLERS = { ddpm: "DDPM", ddim: "DDIM", dpm: "DPM-Solver++" };

export const text = {
  skip: "Skip to the content",
  places: "Places",
  model: "Model",
  stop: "Stop",
  theme: "Light or dark",
  private: "Everything is computed on this device. Nothing is sent anywhere.",
  docs: "Documentation",
  loading: (name, share) => `Loading ${name} … ${Math.round(100 * share)} %`,
  starting: name => `Starting ${name} …`,
  failed: message => `That did not work: ${message}`,
  about: ({ name, size, channels, updates, source, licence }) =>
    `${name} draws ${size}×${size} ${channels === 4 ? "RGBA" : "RGB"} sprites. It learnt them from ` +
    `${source} (${licence}) in ${updates.toLocaleString("en")} updates.`,

  draw: {
    title: "Draw",
    class: "Class",
    any: "any",
    no_class: "none",
    class_hint: "Choose one, or several to mix them.",
    mix_hint: "A mix: the network is told a bit of each.",
    weight: name => `Weight of ${name}`,
    seed: "Seed",
    dice: "Another seed",
    count: "Sprites",
    palette: "Palette",
    lent: "Lent by training sprites",
    own: "My own …",
    colours: "Colours, as #rrggbb",
    colours_placeholder: "#1a1c2c #5d275d #b13e53 …",
    no_colours: "Give at least one colour, such as #b13e53.",
    wrong_colour: code => `${code} is no colour; write #rrggbb.`,
    palette_hint: "Each sprite takes from it the colours nearest to those of a training sprite.",
    lent_hint: "Each sprite borrows the colours of a training sprite.",
    more: "More",
    sampler: "Sampler",
    own_sampler: name => `${name}, the model’s own`,
    steps: "Steps",
    eta: "η",
    guidance: "Guidance",
    guidance_hint: "Guidance above 1 exaggerates the class, at twice the work.",
    go: "Draw",
    again: "Draw",
    student: n => `A student: it learnt to draw in its own ${several(n, "step", "steps")}, and draws in no others.`,
    sprites: "Sprites",
    drawing: (done, n) => `${done} of ${n} drawn`,
    done: (n, how, s) => `${several(n, "sprite", "sprites")} · ${how} · ${seconds(s)}`,
    stopped: (done, n) => `Stopped: ${done} of ${n} drawn`,
    how: ({ sampler, steps, eta, guidance }) =>
      `${SAMPLERS[sampler]}${eta ? `, η = ${eta}` : ""}, ${several(steps, "step", "steps")}` +
      `${guidance === 1 ? "" : `, guidance ${guidance}`}`,
    selected: n => `${n} selected`,
    keep: "Keep",
    gif: "GIF",
    gif_title: "The denoising of the selected sprites, as a GIF",
    all: "Select all",
    none: "Clear",
    sprite: (tag, number) => `${tag}, sprite ${number}`,
  },

  edit: {
    open: "Edit",
    open_title: "Vary, redraw or fill the selected sprite",
    title: name => `Edit ${name}`,
    close: "Close",
    canvas: "The sprite, pixel by pixel",
    keys:
      "Draw on it with the pointer. With keys: arrows move, Space applies the tool, Shift with arrows " +
      "goes on, Ctrl+Z undoes.",
    tools: "Tools",
    paint: "Paint",
    pick: "Pick colour",
    select: "Select",
    undo: "Undo",
    colours: "Colours",
    transparent: "transparent",
    pixel: (x, y, code, selected) => `column ${x + 1}, row ${y + 1}: ${code}${selected ? ", selected" : ""}`,
    keep_own: "Keep it as it is",
    way: "Draw again",
    vary: "Vary",
    redraw: "Redraw",
    fill: "Fill",
    vary_hint: "Noise is added to the sprite, and taken out again: the more, the further it gets from here.",
    redraw_hint: "The same, as another class or in other colours.",
    fill_hint: "Selected pixels are drawn anew. All others stay, and what is drawn fits to them.",
    selected: n => `${several(n, "pixel", "pixels")} selected`,
    select_transparent: "Transparent",
    select_none: "None",
    nothing_selected: "Select the pixels that are to be drawn.",
    student_hint: "Drawn from its first noise, as another class or in other colours: a student starts from noise alone.",
    too_many: (n, most) => `The sprite has ${n} colours now; this model draws in at most ${most}.`,
    from: "From",
    from_: { picture: "the sprite, made noisy", noise: "its first noise" },
    own_colours: "Its own colours",
    strength: "Noise up to",
    seed: "Seed of the noise",
    count: "Drawings",
    go: "Draw again",
    drawings: "Drawings",
    done: (n, nfe, s) =>
      `${several(n, "drawing", "drawings")} · ${several(nfe, "evaluation", "evaluations")} each · ${seconds(s)}`,
    this: "Edit this one",
  },

  tray: {
    title: "Tray",
    count: n => several(n, "sprite", "sprites"),
    sheet: "Sheet + JSON",
    png: "PNG",
    clear: "Empty",
    remove: name => `Take ${name} out of the tray`,
    full: "The tray is full: this browser keeps no more.",
  },

  watch: {
    title: "Watch",
    heading: "One noise, two ways out of it",
    intro:
      "Both samplers ask the same network and begin from the same noise. DDPM adds fresh noise at " +
      "every step; DDIM follows a fixed path, and so can take fewer, longer steps.",
    student: n =>
      `This model is a student: it draws in its own ${several(n, "step", "steps")} and no others. Choose another model to watch.`,
    ddpm_steps: "DDPM steps",
    ddim_steps: "DDIM steps",
    eta: "DDIM η",
    go: "Watch",
    slider: "Time t, from noise to sprite",
    play: "Play",
    pause: "Pause",
    clean: "clean",
    x_t: "what there is at t",
    x0: "sprite seen in it",
    eps: "noise seen in it",
    names: { ddpm: "DDPM", ddim: "DDIM", ideal: "Copying" },
    ideal: "Beside the ideal denoiser",
    ideal_text:
      "DDIM once more, but asking the best denoiser of the training sprites themselves. It can only end in one of " +
      "them: what the network does besides is inventing.",
    ideal_cost: (nfe, s) => `${several(nfe, "look", "looks")} at all training sprites · ${seconds(s)}`,
    no_ideal: why => `Not to be had here: ${why}.`,
    code: "In the code:",
    line: (file, line) => `${file}, line ${line}`,
    paths: "Two paths",
    paths_text:
      "From noise to sprite, in the plane in which xₜ moves most: the first two principal components of all xₜ of " +
      "these paths. Dots are steps; rings, the moment of the slider.",
    paths_share: share => `The plane holds ${Math.round(100 * share)} % of the variance.`,
    paths_chart: (names, share) =>
      `The paths of ${names.join(" and ")} from one noise, in a plane that holds ${Math.round(100 * share)} % of the variance.`,
    spot: what => `${what}: arrows choose the pixel whose history is shown`,
    pixel: "One pixel",
    pixel_text: "Point at a pixel above, or choose it with the arrow keys: its colour from noise (left) to sprite.",
    pixel_told: (x, y, codes) => `Column ${x + 1}, row ${y + 1}: seen in it at this t ${codes.join(", ")}`,
    ddpm_text: "Ancestral sampling: go to the mean of what could come before, and add noise.",
    ddim_text: "Implicit sampling: take the noise out, and put back as much as belongs to t′.",
    cost: (nfe, s) => `${several(nfe, "evaluation", "evaluations")} of the network · ${seconds(s)}`,
    running: (side, done, n) => `${side}: step ${done} of ${n}`,
    schedule: "Where the steps fall",
    schedule_text:
      "ᾱ is the share of the sprite left at t, and λ half the logarithm of signal to noise. " +
      "Marks are the steps that each sampler visits.",
    alpha_bar: "ᾱ",
    lambda: "λ",
    chart: (ddpm, ddim) =>
      `Curves of alpha bar and lambda over t; DDPM visits ${ddpm} steps, DDIM ${ddim}.`,
  },
};

/** Fill the texts of the page in: data-t is what an element says, data-label its name. */
export function fillIn(root = document) {
  const find = path => path.split(".").reduce((place, name) => place[name], text);
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = find(element.dataset.t);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", find(element.dataset.label));
  }
  for (const element of root.querySelectorAll("[data-title]")) element.title = find(element.dataset.title);
}
