// The page's end of the worker: loads the engine and a model, and keeps a worker alive that runs them.

import { EngineError } from './engine-error.js';
import { countBytes, getEngine, getModel } from './assets.js';

/** @typedef {import('./types.d.ts').Backend} Backend */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').ModelFiles} ModelFiles */
/** @typedef {import('./types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Reply} Reply */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {{module: WebAssembly.Module} & ModelFiles} Assets */

/** A worker that says nothing for this long is taken for dead. */
const SILENCE_MS = 30_000;
/** Of the load with which every worker begins; what is asked for later counts from 1. */
const FIRST_LOAD = 0;
/** Crashes without one reading between them after which the engine is given up. */
const MAX_CRASHES = 3;
/** Times that the graphics processor may stop before it is left alone. */
const MAX_STOPS = 2;

/** Reads recordings in a worker. */
export class Engine {
  #onProgress;
  /** @type {Promise<Assets>} */ #assets;
  /** @type {Worker | undefined} */ #worker;
  /** @type {Map<number, {resolve: (r: any) => void, reject: (e: Error) => void}>} */ #waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  /** @type {string} */ #model;
  #lastId = 0;
  #crashes = 0;
  #stops = 0;
  #backend;

  /** Starts loading at once.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Hears how much is loaded, 0 to 1.
   * @param {Backend} [backend] What runs speech encoders. */
  constructor(model, onProgress = () => {}, backend = 'auto') {
    this.#onProgress = onProgress;
    this.#model = model;
    this.#backend = backend;
    this.#assets = this.#load();
    this.#start();
  }

  /** Reads with another model from now on; with the one before if the other cannot be loaded.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Hears how much is loaded, 0 to 1.
   * @param {AbortSignal} [signal] Ends the loading. */
  async use(model, onProgress, signal) {
    const assets = { ...(await this.#assets), ...(await getModel(model, countBytes(onProgress), signal)) };
    signal?.throwIfAborted();
    if (!this.#worker) this.#start();
    await this.#send((id) => ({ type: 'load', id, backend: this.#backend, ...assets }));
    this.#model = model;
    this.#assets = Promise.resolve(assets);
  }

  /** The model's description, once it is loaded.
   * @returns {Promise<Manifest>} */
  async manifest() {
    return JSON.parse((await this.#assets).manifest);
  }

  /** The compiled engine, for other workers.
   * @returns {Promise<WebAssembly.Module>} */
  async module() {
    return (await this.#assets).module;
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
    return this.#send(request);
  }

  /** @param {(id: number) => Request} request @returns {Promise<any>} What the worker answers. */
  #send(request) {
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
      (assets) => worker.postMessage({ type: 'load', id: FIRST_LOAD, backend: this.#backend, ...assets }),
      () => {
        worker.terminate();
        if (this.#worker === worker) this.#worker = undefined;
      },
    );
  }

  /** @param {Reply} reply */
  #hear(reply) {
    if (reply.type === 'crashed') return this.#crashed(reply.message);
    if (reply.type === 'backend') return this.#ranOn(reply);
    // Nobody asked for the first load, so nobody would hear that it failed.
    if (reply.type === 'refused' && reply.id === FIRST_LOAD) return this.#crashed(reply.message);
    const asked = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#watch();
    if (reply.type === 'ready') return asked?.resolve(undefined);
    this.#crashes = 0;
    if (reply.type === 'reading') asked?.resolve(reply.reading);
    else asked?.reject(new EngineError(reply.code, reply.message));
  }

  /** @param {Extract<Reply, {type: 'backend'}>} reply */
  #ranOn({ backend, reason, stopped }) {
    if (!reason) return;
    console.warn(`sottovoce: read on the processor: ${reason}`);
    if (stopped) this.#stops += 1;
    const again = stopped && this.#stops < MAX_STOPS;
    if (!again) this.#backend = backend;
    const message = again
      ? 'The graphics processor stopped. The processor went on in its place, and it is tried once more.'
      : `Readings come from the processor, with the same result but slower: ${reason}.`;
    dispatchEvent(new CustomEvent('sottovoce-backend', { detail: { message } }));
    if (again) this.#assets.then((assets) => this.#send((id) => ({ type: 'load', id, backend: this.#backend, ...assets })));
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
    const counter = countBytes(this.#onProgress);
    const [module, model] = await Promise.all([getEngine(counter), getModel(this.#model, counter)]);
    return { module, ...model };
  }
}
