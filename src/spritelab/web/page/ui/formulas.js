// The formulas, in MathML: words of no language.

const i = name => `<mi>${name}</mi>`;
const o = name => `<mo>${name}</mo>`;
const n = value => `<mn>${value}</mn>`;
const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const sub = (base, index) => `<msub>${base}${index}</msub>`;
const root = (...parts) => `<msqrt>${parts.join("")}</msqrt>`;
const over = (top, bottom) => `<mfrac>${top}${bottom}</mfrac>`;
const t = i("t"), prev = row(i("t"), o("′"));
const bar = index => sub(`<mover accent="true">${i("α")}${o("¯")}</mover>`, index);
const hat = (name, index) => {
  const hatted = `<mover accent="true">${i(name)}${o("^")}</mover>`;
  return index ? sub(hatted, index) : hatted;
};
const x = index => sub(i("x"), index);
const rest = index => row(n(1), o("−"), bar(index));

export const FORMULAS = {
  ddpm: row(
    x(prev), o("="), over(row(root(bar(prev)), i("β")), rest(t)), hat("x", n(0)), o("+"),
    over(row(root(i("α")), o("("), rest(prev), o(")")), rest(t)), x(t), o("+"), i("σ"), i("z"),
  ),
  ddim: row(
    x(prev), o("="), root(bar(prev)), hat("x", n(0)), o("+"),
    root(rest(prev), o("−"), `<msup>${i("σ")}${n(2)}</msup>`), hat("ε"), o("+"), i("σ"), i("z"),
  ),
  q: row(x(t), o("="), root(bar(t)), x(n(0)), o("+"), root(rest(t)), i("ε")),
  lambda: row(sub(i("λ"), t), o("="), over(n(1), n(2)), o("log"), over(bar(t), rest(t))),
  ideal: row(
    hat("x", n(0)), o("="), sub(o("∑"), i("i")), i("softmax"), o("("), o("−"),
    over(row(`<msup>${row(o("|"), x(t), o("−"), root(bar(t)), x(i("i")), o("|"))}${n(2)}</msup>`), row(n(2), o("("), rest(t), o(")"))),
    o(")"), x(i("i")),
  ),
  plane: row(
    i("y"), o("="), `<msubsup>${i("V")}${n(2)}${o("⊤")}</msubsup>`, o("("), x(t), o("−"),
    `<mover accent="true">${i("x")}${o("¯")}</mover>`, o(")"), o(","), i("X"), o("−"),
    `<mover accent="true">${i("x")}${o("¯")}</mover>`, o("="), i("U"), i("Σ"), `<msup>${i("V")}${o("⊤")}</msup>`,
  ),
  x_t: x(t),
  x0: hat("x", n(0)),
  eps: hat("ε"),
};

/** A formula as an element of its own. */
export function formula(name, display = "inline") {
  const math = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
  math.setAttribute("display", display);
  math.innerHTML = FORMULAS[name];
  return math;
}
