// The page: which place is shown, which model is loaded, light or dark.

import { readAddress } from "./address.js";
import { ask, workBy } from "./client.js";
import { $, el, watchRatio } from "./dom.js";
import { DrawPlace } from "./draw.js";
import { setDocs } from "./sources.js";
import { fillIn, text } from "./strings.js";
import { Tray } from "./tray.js";
import { WatchPlace } from "./watch.js";

const THEME = "spritelab.theme";

const listed = await (await fetch("models.json")).json();
const loaded = new Map();

fillIn();
setDocs(listed.docs ?? null);
if (listed.docs) $("about").after(el("p", {}, el("a", { href: listed.docs, textContent: text.docs })));
watchRatio();
chooseTheme();
const tray = new Tray(listed.spritelab);
const places = { draw: new DrawPlace(tray), watch: new WatchPlace() };
if (listed.served) await beServed();
listModels();
$("model").addEventListener("change", () => useModel($("model").value));
addEventListener("hashchange", () => show());
show(true);

/** Show the place that the address names; its settings count when the page is opened by them. */
async function show(opened = false) {
  const { place: wanted, settings } = readAddress();
  const place = wanted in places ? wanted : "draw";
  for (const [name, { section }] of Object.entries(places)) section.hidden = name !== place;
  for (const link of document.querySelectorAll("[data-place]")) {
    if (link.dataset.place === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("tray").dataset.place = place;
  document.title = `${text[place].title} · spritelab`;
  const named = settings.get("model");
  if (listed.models.some(({ name }) => name === named)) $("model").value = named;
  if (settings.size || opened) await useModel($("model").value, settings);
  else places[place].shown();
}

/** `spritelab app` draws by itself, and has Train. */
async function beServed() {
  const { begin, server } = await import("../app/served.js");
  workBy(server);
  begin(places, models => {
    const before = new Map(listed.models.map(model => [model.file, model]));
    listed.models = models.map(model => before.get(model.file) ?? model);
    for (const { name, file } of models) if (!before.has(file)) loaded.delete(name);
    listModels();
  });
}

function listModels() {
  const chosen = $("model").value;
  $("model").replaceChildren(...listed.models.map(({ name }) => el("option", { value: name, textContent: name })));
  if (listed.models.some(({ name }) => name === chosen)) $("model").value = chosen;
}

/** Load a model, once, and give it to all places. */
async function useModel(name, settings = new URLSearchParams()) {
  const model = listed.models.find(one => one.name === name);
  if (!loaded.has(name)) {
    try {
      loaded.set(name, await load(model));
    } catch (error) {
      $("loading-text").textContent = text.failed(error.message);
      return;
    }
  }
  if ($("model").value !== name) return; // another one was chosen meanwhile
  const facts = loaded.get(name);
  $("about").textContent = text.about(facts);
  const { place } = readAddress();
  for (const [own, shown] of Object.entries(places)) {
    shown.use(model, facts, own === place ? settings : new URLSearchParams());
  }
  (places[place] ?? places.draw).shown();
}

async function load(model) {
  const sizes = { bytes: model.bytes, runtimeBytes: listed.runtime_bytes };
  $("loading").hidden = false;
  $("loading-text").textContent = text.loading(model.name, 0);
  document.body.classList.add("busy");
  try {
    const { facts } = await ask("load", { file: model.file, ...sizes }, ({ kind, done, total }) => {
      if (kind !== "loading") return;
      $("loading-bar").value = done / total;
      $("loading-text").textContent =
        done < total ? text.loading(model.name, done / total) : text.starting(model.name);
    });
    $("loading").hidden = true;
    return facts;
  } finally {
    document.body.classList.remove("busy");
  }
}

/** As the system has it, until the visitor chooses. */
function chooseTheme() {
  const button = $("theme"), root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = theme => {
    if (theme) root.dataset.theme = theme;
    button.setAttribute("aria-pressed", String((theme ?? (dark.matches ? "dark" : "light")) === "dark"));
  };
  button.setAttribute("aria-label", text.theme);
  button.title = text.theme;
  set(localStorage.getItem(THEME));
  button.addEventListener("click", () => {
    const next = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    localStorage.setItem(THEME, next);
    set(next);
  });
}
