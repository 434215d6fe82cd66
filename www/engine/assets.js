// Loads the compiled engine, models and their accuracy. Model files are checked, and cached for the next visit where the browser
// allows it.

import { EngineError } from './engine-error.js';
import { engineFile } from './engine-file.js';
import { fileAt } from './files.js';
import * as own from './own.js';

/** @typedef {import('./types.d.ts').FileEntry} FileEntry */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').ModelFiles} ModelFiles */
/** @typedef {{expect: (bytes: number) => void, received: (bytes: number) => void}} Counter */

const CACHE = 'sottovoce-models';
const FAILED = 'Part of the analyzer could not be loaded. Check the connection and try again.';

/** Prefix of the names of visitors' own models. */
export const OWN = 'own/';

/** @typedef {{script: string, module: WebAssembly.Module}} EngineFiles The text of an engine's script, and its code. */

/** The engine, if it was requested before anybody got it.
 * @type {{engine: Promise<EngineFiles>, counter: ReturnType<typeof relayCounter>} | undefined} */
let requested;

/** Begins to load the engine that every reading needs. */
export function requestEngine() {
  const counter = relayCounter();
  requested = { engine: loadEngine(counter), counter };
  // Whoever gets it says so.
  requested.engine.catch(() => {});
}

/** The engine that every reading needs.
 * @param {Counter} counter @returns {Promise<EngineFiles>} */
export function getEngine(counter) {
  if (!requested) return loadEngine(counter);
  const { engine, counter: relay } = requested;
  // An engine of its own, or another attempt.
  requested = undefined;
  relay.forwardTo(counter);
  return engine;
}

/** @param {Counter} counter @returns {Promise<EngineFiles>} */
async function loadEngine(counter) {
  const [script, module] = await Promise.all([getText('sottovoce.js'), getCode(counter)]);
  return { script, module };
}

/** @param {Counter} counter @returns {Promise<WebAssembly.Module>} */
async function getCode(counter) {
  const response = await get(fileAt(engineFile()));
  counter.expect(Number(response.headers.get('content-length') ?? 0));
  const engine = counted(response, counter);
  // Streaming requires the content type, which some file servers do not set.
  return engine.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(engine)
    : WebAssembly.compile(await engine.arrayBuffer());
}

/** An engine that is loaded when it is needed: the text of its script, and its code. `gpu` runs networks on a GPU, `full` can do
 * all that runs on the CPU: gradients, and the import of encoders.
 * @param {'gpu' | 'full'} name @param {(share: number) => void} [onProgress]
 * @returns {Promise<EngineFiles>} */
export async function getFurtherEngine(name, onProgress = () => {}) {
  /** @type {FileEntry} */ const entry = await (await get(fileAt(`sottovoce_${name}.json`))).json();
  const counter = countBytes(onProgress);
  counter.expect(entry.bytes);
  const [script, code] = await Promise.all([getText(`sottovoce_${name}.js`), getFile(fileAt(entry.file), entry, counter)]);
  return { script, module: await WebAssembly.compile(code) };
}

/** The description of a model that ships.
 * @param {string} model @returns {Promise<Manifest>} */
export async function getManifest(model) {
  return (await get(fileAt(`models/${model}/model.json`))).json();
}

/** Accuracy of models on unseen speakers, as far as it was measured.
 * @returns {Promise<Record<string, {clips: number, accuracy: number}>>} */
export async function getAccuracyOnUnseenSpeakers() {
  return (await get(fileAt('held-out/speaker.json'))).json();
}

/** The files of a model: the network's, then those of its encoder, if it has one, then that for speaker references, if it takes
 * any.
 * @param {Manifest} manifest @returns {FileEntry[]} */
export const filesOf = ({ weights, front_end, speaker }) =>
  [weights, ...(front_end.encoder?.shards ?? []), ...(speaker ? [speaker.weights] : [])];

/** Size of all of them. @param {Manifest} manifest */
export const bytesOf = (manifest) => filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0);

/** Loads a model: its manifest, and its files in the order of the manifest.
 * @param {string} model @param {Counter} counter @param {AbortSignal} [signal] @returns {Promise<ModelFiles>} */
export async function getModel(model, counter, signal) {
  if (model.startsWith(OWN)) return getOwnModel(model.slice(OWN.length), counter);
  const manifest = await (await get(fileAt(`models/${model}/model.json`), signal)).text();
  const entries = filesOf(JSON.parse(manifest));
  for (const { bytes } of entries) counter.expect(bytes);
  const files = await Promise.all(entries.map((entry) => getFile(fileAt(`models/${model}/${entry.file}`), entry, counter, signal)));
  return { manifest, files };
}

/** Loads a visitor's own model.
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
    counter.received(bytes.byteLength);
    files.push(bytes);
  }
  return { manifest: model.text, files };
}

/** What to do about a missing encoder. @param {Manifest} manifest */
export const needs = ({ name, front_end }) =>
  `${name} listens through the speech encoder ${front_end.encoder?.name}, which must be imported first: drop its folder, as Hugging Face publishes it, on this page.`;

/** @param {URL} url @param {FileEntry} entry @param {Counter} counter @param {AbortSignal} [signal] @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function getFile(url, entry, counter, signal) {
  const cached = await cachedFile(url, entry);
  if (cached) {
    counter.received(cached.byteLength);
    return cached;
  }
  const bytes = await download(url, entry, counter, signal);
  if (!(await isWhole(bytes, entry))) throw damaged();
  // Nothing waits for it.
  cacheFile(url, entry, bytes);
  return bytes;
}

// ---- Files cached between visits. Pages without a secure connection have no cache, and work without.

/** A separate address for each version of a file.
 * @param {URL} url @param {FileEntry} entry */
const versioned = (url, { sha256 }) => `${url.href}?sha256=${sha256}`;

/** @param {URL} url @param {FileEntry} entry @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} */
async function cachedFile(url, entry) {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    const response = await cache?.match(versioned(url, entry));
    const bytes = response && new Uint8Array(await response.arrayBuffer());
    if (!bytes || await isWhole(bytes, entry)) return bytes;
    await cache?.delete(versioned(url, entry));
  } catch {
    // A cache that cannot be read counts as empty.
  }
  return undefined;
}

/** @param {URL} url @param {FileEntry} entry @param {Uint8Array<ArrayBuffer>} bytes */
async function cacheFile(url, entry, bytes) {
  try {
    const cache = await globalThis.caches?.open(CACHE);
    if (!cache) return;
    // This version replaces earlier ones.
    const older = await cache.keys(url.href, { ignoreSearch: true });
    await Promise.all(older.map((request) => cache.delete(request)));
    await cache.put(versioned(url, entry), new Response(bytes));
  } catch {
    // No room: the file is loaded again next time.
  }
}

/** Without a secure connection there is no digest; then the engine checks.
 * @param {Uint8Array<ArrayBuffer>} bytes @param {FileEntry} entry */
async function isWhole(bytes, entry) {
  if (bytes.byteLength !== entry.bytes) return false;
  if (!globalThis.crypto?.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') === entry.sha256;
}

// ---- Downloads

/** Reports the share of the expected bytes that were received.
 * @param {(share: number) => void} onProgress Called with 0 to 1. @returns {Counter} */
export function countBytes(onProgress) {
  let expected = 0;
  let received = 0;
  return {
    expect: (bytes) => { expected += bytes; },
    received: (bytes) => {
      received += bytes;
      // Servers that compress give the engine's compressed size.
      onProgress(expected ? Math.min(1, received / expected) : 0);
    },
  };
}

/** A counter that keeps its numbers until there is another to forward them to. */
function relayCounter() {
  /** @type {Counter | undefined} */ let next;
  let [expected, received] = [0, 0];
  return {
    /** @param {Counter} counter */
    forwardTo(counter) {
      next = counter;
      next.expect(expected);
      next.received(received);
    },
    expect(/** @type {number} */ bytes) {
      if (next) next.expect(bytes);
      else expected += bytes;
    },
    received(/** @type {number} */ bytes) {
      if (next) next.received(bytes);
      else received += bytes;
    },
  };
}

/** The same response, counted as it is received.
 * @param {Response} response @param {Counter} counter */
const counted = ({ body, headers }, counter) => new Response(body?.pipeThrough(new TransformStream({
  transform(chunk, controller) {
    counter.received(chunk.byteLength);
    controller.enqueue(chunk);
  },
})), { headers });

/** Retries of a download without progress, and the pause before the first; each pause is twice the one before. */
const MAX_RETRIES = 5;
const RETRY_MS = 500;

/** Downloads a file of known size. When the connection breaks, the rest is requested.
 * @param {URL} url @param {FileEntry} entry @param {Counter} counter @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function download(url, { bytes: size }, counter, signal) {
  const bytes = new Uint8Array(size);
  let [received, retries] = [0, 0];
  for (;;) {
    const before = received;
    const response = await fetch(url, { signal, headers: received ? { range: `bytes=${received}-` } : {} })
      .catch((error) => (received ? undefined : notLoaded(error)));
    if (response && !response.ok) throw new EngineError('not-loaded', FAILED);
    // Servers without ranges send the whole file again, and ranges of a compressed body are not ranges of the file.
    if (response && received && (response.status !== 206 || response.headers.has('content-encoding'))) {
      counter.received(-received);
      received = 0;
    }
    const reader = response?.body?.getReader();
    try {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        if (received + part.value.byteLength > size) throw damaged();
        bytes.set(part.value, received);
        received += part.value.byteLength;
        counter.received(part.value.byteLength);
      }
      // A body that ends without an error is complete, for the server.
      if (response && received < size) throw damaged();
      if (response) return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      // The rest is requested in the next round.
    } finally {
      reader?.cancel().catch(() => {});
    }
    signal?.throwIfAborted();
    if (received > before) retries = 0;
    if (++retries > MAX_RETRIES) notLoaded(undefined);
    await new Promise((resolve) => {
      setTimeout(resolve, RETRY_MS * 2 ** (retries - 1));
      signal?.addEventListener('abort', resolve, { once: true });
    });
  }
}

const damaged = () => new EngineError('model-weights', 'A file of the model arrived damaged. Try again; if it stays so, reload the page.');

/** @param {unknown} error @returns {never} */
function notLoaded(error) {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new EngineError('not-loaded', FAILED);
}

/** A script; development servers change it. @param {string} path */
const getText = async (path) => (await get(fileAt(path))).text();

/** @param {URL} url @param {AbortSignal} [signal] @returns {Promise<Response>} */
async function get(url, signal) {
  const response = await fetch(url, { signal }).catch(notLoaded);
  if (!response.ok) throw new EngineError('not-loaded', FAILED);
  return response;
}
