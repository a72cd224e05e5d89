// The page's side of the work: questions to the worker, with answers as they come.

const listeners = new Map();
let count = 0;
let worker = null;
let other = null;

/** Let another than the worker do the work: `other.ask` and `other.stop` stand for those below. */
export function workBy(one) {
  other = one;
}

function startWorker() {
  worker = new Worker(new URL("../engine/worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => listeners.get(data.id)?.(data);
  worker.onerror = event => {
    for (const listener of listeners.values()) listener({ kind: "failed", message: event.message });
  };
}

/**
 * Ask the worker, and resolve with its last answer: done, loaded or stopped.
 * @param kind     what is asked, see engine/worker.js
 * @param request  the rest of the message
 * @param heard    called with every answer on the way
 */
export function ask(kind, request, heard = () => {}) {
  if (other) return other.ask(kind, request, heard);
  if (!worker) startWorker();
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
export const stop = () => (other ? other.stop() : worker?.postMessage({ kind: "stop" }));
