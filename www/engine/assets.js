// What the page loads: the compiled engine, models and their scores. Files of models are checked, and kept for the next
// visit where the browser allows it.

import { EngineError } from './engine-error.js';
import { fileAt } from './files.js';
import * as own from './own.js';

/** @typedef {import('./types.d.ts').FileEntry} FileEntry */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').ModelFiles} ModelFiles */
/** @typedef {{expect: (bytes: number) => void, arrived: (bytes: number) => void}} Counter */

const CACHE = 'sottovoce-models';
const FAILED = 'Part of the analyzer could not be loaded. Check the connection and try again.';

/** What stands before the names of models that the visitor brought. */
export const OWN = 'own/';

/** A module whose one function does nothing but swizzle bytes as relaxed SIMD may. */
const RELAXED = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
  10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

/** The engine made for this browser: encoders are faster with relaxed SIMD, which not every browser knows. */
export const engineFile = () => (WebAssembly.validate(new Uint8Array(RELAXED)) ? 'sottovoce_relaxed.wasm' : 'sottovoce_bg.wasm');

/** The compiled engine.
 * @param {Counter} counter @returns {Promise<WebAssembly.Module>} */
export async function getEngine(counter) {
  const response = await get(fileAt(engineFile()));
  counter.expect(Number(response.headers.get('content-length') ?? 0));
  const engine = counted(response, counter);
  // Some file servers do not know the type, and streaming insists on it.
  return engine.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(engine)
    : WebAssembly.compile(await engine.arrayBuffer());
}

/** What a model says of itself.
 * @param {string} model @returns {Promise<Manifest>} */
export async function describe(model) {
  return (await get(fileAt(`models/${model}/model.json`))).json();
}

/** How well models do with speakers they never heard, as far as that was measured.
 * @returns {Promise<Record<string, {clips: number, accuracy: number}>>} */
export async function scoresOnUnheardSpeakers() {
  return (await get(fileAt('held-out/speaker.json'))).json();
}

/** The files beside a model's description: the network's, then those of the encoder it listens through, if it does, then that for
 * speaker references, if it takes any.
 * @param {Manifest} manifest @returns {FileEntry[]} */
export const filesOf = ({ weights, front_end, speaker }) =>
  [weights, ...(front_end.encoder?.shards ?? []), ...(speaker ? [speaker.weights] : [])];

/** Size of all of them. @param {Manifest} manifest */
export const bytesOf = (manifest) => filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0);

/** Loads a model: its description, and its files in the order in which the description names them.
 * @param {string} model @param {Counter} counter @param {AbortSignal} [signal] @returns {Promise<ModelFiles>} */
export async function getModel(model, counter, signal) {
  if (model.startsWith(OWN)) return getOwnModel(model.slice(OWN.length), counter);
  const manifest = await (await get(fileAt(`models/${model}/model.json`), signal)).text();
  const entries = filesOf(JSON.parse(manifest));
  for (const { bytes } of entries) counter.expect(bytes);
  const files = await Promise.all(entries.map((entry) => getFile(fileAt(`models/${model}/${entry.file}`), entry, counter, signal)));
  return { manifest, files };
}

/** Loads a model that the visitor brought.
 * @param {string} name @param {Counter} counter @returns {Promise<ModelFiles>} */
async function getOwnModel(name, counter) {
  const model = (await own.models()).find((model) => model.name === name);
  if (!model) throw new EngineError('not-kept', 'This model is no longer in the browser’s store. Bring its folder again.');
  const entries = filesOf(model.manifest);
  for (const { bytes } of entries) counter.expect(bytes);
  const files = [];
  for (const entry of entries) {
    const bytes = await own.fileOf(name, entry);
    if (!bytes) throw new EngineError('needs-encoder', needs(model.manifest));
    if (!(await isWhole(bytes, entry))) {
      throw new EngineError('model-weights', 'A file of this model is damaged. Bring its folder again.');
    }
    counter.arrived(bytes.byteLength);
    files.push(bytes);
  }
  return { manifest: model.text, files };
}

/** What to do about an encoder that is not here. @param {Manifest} manifest */
export const needs = ({ name, front_end }) =>
  `${name} listens through the speech encoder ${front_end.encoder?.name}, which must be imported first: drop its folder, as Hugging Face publishes it, on this page.`;

/** @param {URL} url @param {FileEntry} entry @param {Counter} counter @param {AbortSignal} [signal] */
async function getFile(url, entry, counter, signal) {
  const kept = await keptFile(url, entry);
  if (kept) {
    counter.arrived(kept.byteLength);
    return kept;
  }
  const bytes = await download(url, entry, counter, signal);
  if (!(await isWhole(bytes, entry))) throw damaged();
  await keep(url, entry, bytes);
  return bytes;
}

// ---- Files kept from visit to visit. Pages without a secure connection have no such store, and work without.

/** An address of its own for each version of a file.
 * @param {URL} url @param {FileEntry} entry */
const versioned = (url, { sha256 }) => `${url.href}?sha256=${sha256}`;

/** @param {URL} url @param {FileEntry} entry @returns {Promise<Uint8Array | undefined>} */
async function keptFile(url, entry) {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    const response = await cache?.match(versioned(url, entry));
    const bytes = response && new Uint8Array(await response.arrayBuffer());
    if (!bytes || await isWhole(bytes, entry)) return bytes;
    await cache?.delete(versioned(url, entry));
  } catch {
    // A store that cannot be read is as good as an empty one.
  }
  return undefined;
}

/** @param {URL} url @param {FileEntry} entry @param {Uint8Array<ArrayBuffer>} bytes */
async function keep(url, entry, bytes) {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    if (!cache) return;
    // Earlier versions of the file give way to this one.
    const older = await cache.keys(url.href, { ignoreSearch: true });
    await Promise.all(older.map((request) => cache.delete(request)));
    await cache.put(versioned(url, entry), new Response(bytes));
  } catch {
    // No room: the file is loaded again next time.
  }
}

/** The engine checks once more; here it is known where a damaged file came from.
 * @param {Uint8Array<ArrayBuffer>} bytes @param {FileEntry} entry */
async function isWhole(bytes, entry) {
  if (bytes.byteLength !== entry.bytes) return false;
  if (!globalThis.crypto?.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') === entry.sha256;
}

// ---- Over the network

/** Tells how much of what is expected has arrived.
 * @param {(share: number) => void} onProgress Hears 0 to 1. @returns {Counter} */
export function countBytes(onProgress) {
  let expected = 0;
  let arrived = 0;
  return {
    expect: (bytes) => { expected += bytes; },
    arrived: (bytes) => {
      arrived += bytes;
      // Of the engine, servers that compress tell the compressed size.
      onProgress(expected ? Math.min(1, arrived / expected) : 0);
    },
  };
}

/** The same response, telling the counter what arrives of it.
 * @param {Response} response @param {Counter} counter */
const counted = ({ body, headers }, counter) => new Response(body?.pipeThrough(new TransformStream({
  transform(chunk, controller) {
    counter.arrived(chunk.byteLength);
    controller.enqueue(chunk);
  },
})), { headers });

/** How often the rest of a file is asked for while nothing more of it comes; each time after twice the pause. */
const TRIES = 5;
const PAUSE_MS = 500;

/** A file of a known size. Where the connection breaks off, the rest is asked for.
 * @param {URL} url @param {FileEntry} entry @param {Counter} counter @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function download(url, { bytes: size }, counter, signal) {
  const bytes = new Uint8Array(size);
  let [arrived, tries] = [0, 0];
  for (;;) {
    const before = arrived;
    const response = await fetch(url, { signal, headers: arrived ? { range: `bytes=${arrived}-` } : {} })
      .catch((error) => (arrived ? undefined : unloaded(error)));
    if (response && !response.ok) throw new EngineError('not-loaded', FAILED);
    // Servers without ranges begin anew, and ranges of what is compressed are not ranges of the file.
    if (response && arrived && (response.status !== 206 || response.headers.has('content-encoding'))) {
      counter.arrived(-arrived);
      arrived = 0;
    }
    const reader = response?.body?.getReader();
    try {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        if (arrived + part.value.byteLength > size) throw damaged();
        bytes.set(part.value, arrived);
        arrived += part.value.byteLength;
        counter.arrived(part.value.byteLength);
      }
      // What ends without an error ends where the server says.
      if (response && arrived < size) throw damaged();
      if (response) return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      // The rest is asked for below.
    } finally {
      reader?.cancel().catch(() => {});
    }
    signal?.throwIfAborted();
    if (arrived > before) tries = 0;
    if (++tries > TRIES) unloaded(undefined);
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS * 2 ** (tries - 1));
      signal?.addEventListener('abort', resolve, { once: true });
    });
  }
}

const damaged = () => new EngineError('model-weights', 'A file of the model arrived damaged. Try again; if it stays so, reload the page.');

/** @param {unknown} error @returns {never} */
function unloaded(error) {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new EngineError('not-loaded', FAILED);
}

/** @param {URL} url @param {AbortSignal} [signal] @returns {Promise<Response>} */
async function get(url, signal) {
  const response = await fetch(url, { signal }).catch(unloaded);
  if (!response.ok) throw new EngineError('not-loaded', FAILED);
  return response;
}
