// A few words for the DOM, and sprites on canvases: whole-number scaling at any device pixel ratio.

export const $ = id => document.getElementById(id);

/** Make an element; properties that begin with "aria-" or "data-" become attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria|data)-|^role$|^for$/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A canvas of size × size pixels of a sprite, about `side` CSS pixels wide. */
export function spriteCanvas(size, side) {
  const canvas = el("canvas", { width: size, height: size, className: "sprite" });
  canvas.dataset.side = side;
  fit(canvas);
  return canvas;
}

/** Give each of its pixels the same whole number of the screen's own. */
function fit(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const factor = Math.max(1, Math.floor((canvas.dataset.side * ratio) / canvas.width + 1e-6));
  canvas.style.width = canvas.style.height = `${(factor * canvas.width) / ratio}px`;
}

/** Another side for a canvas. */
export function setSide(canvas, side) {
  canvas.dataset.side = side;
  fit(canvas);
}

/** Draw RGBA bytes, as they are. */
export function paint(canvas, pixels) {
  const { width, height } = canvas;
  const data = new Uint8ClampedArray(pixels.buffer ?? pixels, pixels.byteOffset ?? 0, width * height * 4);
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
}

/** Zooming or another screen changes the ratio: fit all canvases again. */
export function watchRatio() {
  const query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  query.addEventListener("change", () => {
    document.querySelectorAll("canvas.sprite").forEach(fit);
    watchRatio();
  }, { once: true });
}

/** Hand a file to the visitor. */
export function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A seed from the browser's own chance, short enough to be read out. */
export function randomSeed() {
  return String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
}

export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** A little square of a colour. */
export function swatch([r, g, b], tag = "span", properties = {}) {
  const one = el(tag, { className: "swatch", ...properties });
  one.style.background = `rgb(${r} ${g} ${b})`;
  return one;
}
