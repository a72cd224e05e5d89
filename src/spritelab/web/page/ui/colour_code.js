// Colours in words.

import { text } from "./strings.js";

/** A colour as #rrggbb, #rrggbbaa where one can see through it, or "transparent". */
export function codeOf([r, g, b, a]) {
  if (a === 0) return text.edit.transparent;
  return hexOf(a === 255 ? [r, g, b] : [r, g, b, a]);
}

/** Levels of 255 as #rrggbb, or #rrggbbaa for four. */
export const hexOf = levels => `#${Array.from(levels, level => level.toString(16).padStart(2, "0")).join("")}`;
