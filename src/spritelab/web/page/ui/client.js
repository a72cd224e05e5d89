// The page's side of the worker: work with answers as they come.

const worker = new Worker(new URL("../engine/worker.js", import.meta.url), { type: "module" });
const listeners = new Map();
let count = 0;

worker.onmessage = ({ data }) => listeners.get(data.id)?.(data);
worker.onerror = event => {
  for (const listener of listeners.values()) listener({ kind: "failed", message: event.message });
};

/**
 * Ask the worker, and resolve with its last answer: done, loaded or stopped.
 * @param kind     what is asked, see engine/worker.js
 * @param request  the rest of the message
 * @param heard    called with every answer on the way
 */
export function ask(kind, request, heard = () => {}) {
  const id = ++count;
  return new Promise((resolve, reject) => {
    listeners.set(id, answer => {
      heard(answer);
      if (!["done", "loaded", "stopped", "failed"].includes(answer.kind)) return;
      listeners.delete(id);
      if (answer.kind === "failed") reject(new Error(answer.message));
      else resolve(answer);
    });
    worker.postMessage({ kind, id, ...request });
  });
}

/** End whatever is being drawn. */
export const stop = () => worker.postMessage({ kind: "stop" });
