// The server's API: JSON, and events as they come. See docs/app.md.

/** What the server refuses: its line, and lines by field. */
export class Refusal extends Error {
  constructor(message, errors = {}) {
    super(message);
    this.errors = errors;
  }
}

async function answered(address, { method = "GET", json, body, signal } = {}) {
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  const sent = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(new URL(`../api/${address}`, import.meta.url), { method, headers, body: sent, signal });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({ message: `${response.status} ${response.statusText}` }));
  throw new Refusal(told.message, told.errors);
}

/** Ask for something, and resolve with the JSON of the answer; undefined where it has none. */
export async function call(address, how) {
  const response = await answered(address, how);
  return response.status === 204 ? undefined : response.json();
}

/** Ask for events; `heard(kind, values)` is told each. Resolves when the server has no more to say. */
export async function listen(address, how, heard) {
  const response = await answered(address, how);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const told = (text + value).split("\n\n");
    text = told.pop();
    for (const one of told) {
      const [, kind, values] = one.match(/^event: (.*)\ndata: (.*)$/) ?? [];
      if (kind) heard(kind, JSON.parse(values));
    }
  }
}

/** Send a file, and be told how much of it is sent. fetch does not say so; XMLHttpRequest does. */
export function upload(name, content, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", new URL(`../api/uploads?name=${encodeURIComponent(name)}`, import.meta.url));
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => told(loaded / total);
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(new Refusal(request.response?.message ?? String(request.status), request.response?.errors));
    };
    request.onerror = () => reject(new Refusal("the server has not answered"));
    request.send(content);
  });
}

/** The bytes of base64. */
export const bytes = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));

/** Bytes as base64. */
export const base64 = content => btoa(String.fromCharCode(...content));
