// Files that the visitor chooses or drops, as the one file that is sent: a folder becomes a .zip.

import { encodeZip } from "../files/zip.js";

const READ = /\.(png|gif|webp|bmp|jpe?g|aseprite|ase|json|csv|jsonl|txt)$/i;
export const ACCEPT = ".zip,.tar,.tar.gz,.tgz,.gz,.png,.gif,.webp,.bmp,.aseprite,.ase,.npy,.npz,.json";

/**
 * Bring files together.
 * @param files  [{ path, file }]
 * @param told   is told how many of how many are read
 * @returns { name, content }, or null if there is nothing to send
 */
export async function gather(files, told) {
  if (files.length === 1 && !files[0].path.includes("/")) return { name: files[0].path, content: files[0].file };
  const chosen = files.filter(({ path }) => READ.test(path) && !path.split("/").some(part => part.startsWith(".")));
  if (!chosen.length) return null;
  const root = common(chosen.map(({ path }) => path)), packed = {};
  for (const [i, { path, file }] of chosen.entries()) {
    packed[path.slice(root.length)] = new Uint8Array(await file.arrayBuffer());
    if (i % 50 === 0) told(i, chosen.length);
  }
  return { name: `${root.replaceAll("/", "") || "sprites"}.zip`, content: encodeZip(packed) };
}

/** The folder that all paths are in, with its slash. */
function common(paths) {
  const [first] = paths[0].includes("/") ? [paths[0].slice(0, paths[0].indexOf("/") + 1)] : [""];
  return first && paths.every(path => path.startsWith(first)) ? first : "";
}

/** Files of an <input>, with their paths in the folder that was chosen. */
export const chosenFiles = input =>
  Array.from(input.files, file => ({ path: file.webkitRelativePath || file.name, file }));

/** Files that were dropped, folders included. */
export async function droppedFiles(transfer) {
  const entries = Array.from(transfer.items, item => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const entry of entries) await collect(entry, "", found);
  return found;
}

async function collect(entry, prefix, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: prefix + entry.name, file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await collect(one, `${prefix}${entry.name}/`, found);
  }
}
