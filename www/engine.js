// The page's end of the worker: loads the engine and the model once, and keeps a worker alive that runs them.

/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Reply} Reply */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {{module: WebAssembly.Module, manifest: string, weights: Uint8Array}} Assets */

/** A worker that says nothing for this long is taken for dead. */
const SILENCE_MS = 30_000;
/** Crashes without one reading between them after which the engine is given up. */
const MAX_CRASHES = 3;

/** An error with a sentence for people and a stable code. */
export class EngineError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Reads recordings in a worker. */
export class Engine {
  #onProgress;
  /** @type {Promise<Assets>} */ #assets;
  /** @type {Worker | undefined} */ #worker;
  /** @type {Map<number, {resolve: (r: Reading) => void, reject: (e: Error) => void}>} */ #waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  /** @type {string} */ #model;
  #lastId = 0;
  #crashes = 0;

  /** Starts loading at once.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Hears how much is loaded, 0 to 1. */
  constructor(model, onProgress = () => {}) {
    this.#onProgress = onProgress;
    this.#model = model;
    this.#assets = this.#load();
    this.#start();
  }

  /** Reads with another model from now on; with the one before if the other cannot be loaded.
   * @param {string} model Name of a folder below models/. */
  async use(model) {
    const assets = { ...(await this.#assets), ...(await getModel(model, countBytes(this.#onProgress))) };
    this.#model = model;
    this.#assets = Promise.resolve(assets);
    if (this.#worker) this.#worker.postMessage({ type: 'load', ...assets });
    else this.#start();
  }

  /** The model's description, once it is loaded.
   * @returns {Promise<Manifest>} */
  async manifest() {
    return JSON.parse((await this.#assets).manifest);
  }

  /** @param {Blob} file @returns {Promise<Reading>} */
  readFile(file) {
    return this.#ask((id) => ({ type: 'file', id, file }));
  }

  /** @param {Float32Array} samples Mono. @param {number} rateHz @returns {Promise<Reading>} */
  readSamples(samples, rateHz) {
    return this.#ask((id) => ({ type: 'samples', id, samples, rateHz }));
  }

  /** @param {(id: number) => Request} request @returns {Promise<Reading>} */
  async #ask(request) {
    if (!this.#worker) this.#retry();
    await this.#assets;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage(request(id));
      this.#watch();
    });
  }

  /** Loads again after a failure to load; starts again after too many crashes. */
  #retry() {
    this.#crashes = 0;
    this.#assets = this.#assets.catch(() => this.#load());
    this.#start();
  }

  #start() {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crashed(event.message ?? 'the worker could not be started');
    };
    this.#assets.then(
      (assets) => worker.postMessage({ type: 'load', ...assets }),
      () => {
        worker.terminate();
        if (this.#worker === worker) this.#worker = undefined;
      },
    );
  }

  /** @param {Reply} reply */
  #hear(reply) {
    if (reply.type === 'crashed') return this.#crashed(reply.message);
    if (reply.type === 'ready') return this.#watch();
    const asked = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#crashes = 0;
    this.#watch();
    if (reply.type === 'reading') asked?.resolve(reply.reading);
    else asked?.reject(new EngineError(reply.code, reply.message));
  }

  #watch() {
    clearTimeout(this.#watchdog);
    if (this.#waiting.size === 0) return;
    this.#watchdog = setTimeout(() => this.#crashed('no answer from the worker'), SILENCE_MS);
  }

  /** Puts a fresh worker in the place of a dead one and tells whoever waits.
   * @param {string} reason */
  #crashed(reason) {
    clearTimeout(this.#watchdog);
    console.error(`sottovoce: the analysis stopped: ${reason}`);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#crashes += 1;
    const again = this.#crashes < MAX_CRASHES;
    if (again) this.#start();
    const message = again
      ? 'The analysis stopped unexpectedly and has been restarted. Try again; if it happens with this file only, the file is at fault.'
      : 'The analysis keeps stopping in this browser. Reload the page, or try a current Chrome, Edge or Firefox.';
    for (const { reject } of this.#waiting.values()) reject(new EngineError('crashed', message));
    this.#waiting.clear();
    dispatchEvent(new CustomEvent('sottovoce-crash', { detail: { message } }));
  }

  /** @returns {Promise<Assets>} */
  async #load() {
    const progress = countBytes(this.#onProgress);
    const [module, model] = await Promise.all([
      get(new URL('../sottovoce_bg.wasm', import.meta.url), progress).then(compile),
      getModel(this.#model, progress),
    ]);
    return { module, ...model };
  }
}

/** @param {string} model @returns {URL} The folder of a model. */
const folder = (model) => new URL(`../models/${model}/`, import.meta.url);

/** What a model says of itself.
 * @param {string} model @returns {Promise<Manifest>} */
export async function describe(model) {
  return (await get(new URL('model.json', folder(model)))).json();
}

/** How well models do with speakers they never heard, as far as that was measured.
 * @returns {Promise<Record<string, {clips: number, accuracy: number}>>} */
export async function scoresOnUnheardSpeakers() {
  return (await get(new URL('../held-out/speaker.json', import.meta.url))).json();
}

/** @param {string} model @param {Counter} progress @returns {Promise<{manifest: string, weights: Uint8Array}>} */
async function getModel(model, progress) {
  const [manifest, weights] = await Promise.all([
    get(new URL('model.json', folder(model))).then((response) => response.text()),
    get(new URL('model.safetensors', folder(model)), progress).then((response) => response.arrayBuffer()),
  ]);
  return { manifest, weights: new Uint8Array(weights) };
}

/** @typedef {{expect: (bytes: number) => void, arrived: (bytes: number) => void}} Counter */

/** @param {(share: number) => void} onProgress @returns {Counter} */
function countBytes(onProgress) {
  let expected = 0;
  let arrived = 0;
  return {
    expect: (bytes) => { expected += bytes; },
    arrived: (bytes) => {
      arrived += bytes;
      // Servers that compress tell the compressed size.
      onProgress(expected ? Math.min(1, arrived / expected) : 0);
    },
  };
}

/** @param {URL} url @param {Counter} [counter] @returns {Promise<Response>} */
async function get(url, counter) {
  const failed = 'Part of the analyzer could not be loaded. Check the connection and try again.';
  const response = await fetch(url).catch(() => {
    throw new EngineError('not-loaded', failed);
  });
  if (!response.ok) throw new EngineError('not-loaded', failed);
  if (!counter || !response.body) return response;
  counter.expect(Number(response.headers.get('content-length') ?? 0));
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      counter.arrived(chunk.byteLength);
      controller.enqueue(chunk);
    },
  }));
  return new Response(counted, { headers: response.headers });
}

/** @param {Response} response */
async function compile(response) {
  // Some file servers do not know the type, and streaming insists on it.
  return response.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
