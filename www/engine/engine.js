// The page's end of the engine: loads it and a model once, and keeps workers alive that read. One reads what comes now and
// then; where much is asked for at once, more are started, and ended when it is done.

import { countBytes, getEngine, getModel } from './assets.js';
import { Reader } from './reader.js';
import { sealed } from './sealed.js';

/** @typedef {import('./types.d.ts').Backend} Backend */
/** @typedef {import('./types.d.ts').Load} Load */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').ModelFiles} ModelFiles */
/** @typedef {import('./types.d.ts').Answers} Answers */
/** @template {Topic} T @typedef {import('./types.d.ts').Question<T>} Question */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @typedef {import('./reader.js').BackendReply} BackendReply */
/** @typedef {import('./sealed.js').Sealed} Sealed */
/** @typedef {{module: WebAssembly.Module, sealed: Sealed} & ModelFiles} Assets */

/** Crashes without one reading between them after which the engine is given up. */
const MAX_CRASHES = 3;
/** Times that the graphics processor may stop before it is left alone. */
const MAX_STOPS = 2;
/** Workers at most, and the memory that all of them may take. */
const MAX_READERS = 4;
const MAX_MEMORY = 500e6;
/** What a worker takes besides the model. */
const READER_MEMORY = 60e6;
/** Workers beside the first are ended when nothing was asked for this long. */
const IDLE_MS = 20_000;

/** Reads recordings in workers. */
export class Engine {
  #onProgress;
  /** @type {Promise<Assets>} */ #assets;
  /** @type {string} */ #model;
  /** The first reads what comes now and then, and is the only one that may use the graphics processor.
   * @type {Reader[]} */
  #readers = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #idle;
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
    this.#startFirst();
  }

  /** Reads with another model from now on; with the one before if the other cannot be loaded.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Hears how much is loaded, 0 to 1.
   * @param {AbortSignal} [signal] Ends the loading. */
  async use(model, onProgress, signal) {
    const before = await this.#assets;
    const assets = { ...before, ...(await getModel(model, countBytes(onProgress), signal)) };
    signal?.throwIfAborted();
    const first = this.#readers[0] ?? this.#start(before, this.#backend);
    await first.load(this.#loadOf(assets, this.#backend));
    this.#model = model;
    this.#assets = Promise.resolve(assets);
    this.#endHelpers();
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

  /** How many recordings are worth asking for at once: as there are cores, and memory for as many copies of the model.
   * @returns {Promise<number>} */
  async width() {
    const { files } = await this.#assets;
    const model = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
    // A copy of the files, and what the engine makes of them.
    const fit = Math.floor(MAX_MEMORY / (READER_MEMORY + 2 * model));
    return Math.max(1, Math.min(MAX_READERS, navigator.hardwareConcurrency || 1, fit));
  }

  /** Has a worker answer; the one with the least to do.
   * @template {Topic} T @param {Question<T>} question @returns {Promise<Answers[T]>} */
  async ask(question) {
    if (this.#readers.length === 0) this.#retry();
    const assets = await this.#assets;
    const width = await this.width();
    clearTimeout(this.#idle);
    const byWork = [...this.#readers].sort((a, b) => a.waiting - b.waiting);
    const isFull = byWork.length >= width;
    const reader = byWork[0]?.waiting === 0 || isFull ? byWork[0] : this.#start(assets, 'cpu');
    return reader.ask((id) => /** @type {Request} */ (/** @type {unknown} */ ({ id, ...question })));
  }

  /** Loads again after a failure to load; starts again after too many crashes. */
  #retry() {
    this.#crashes = 0;
    this.#assets = this.#assets.catch(() => this.#load());
    this.#startFirst();
  }

  #startFirst() {
    this.#assets.then((assets) => {
      if (this.#readers.length === 0) this.#start(assets, this.#backend);
    }, () => {});
  }

  /** What a worker is given. @param {Assets} assets @param {Backend} backend @returns {Load} */
  #loadOf({ module, manifest, files }, backend) {
    return { module, manifest, files, backend };
  }

  /** @param {Assets} assets @param {Backend} backend @returns {Reader} */
  #start(assets, backend) {
    const reader = new Reader(assets.sealed.start('worker.js'), this.#loadOf(assets, backend), {
      ranOn: (reply) => this.#ranOn(reader, reply),
      crashed: (reason) => this.#crashed(reader, reason),
      read: () => this.#wasRead(),
    });
    this.#readers.push(reader);
    return reader;
  }

  #wasRead() {
    this.#crashes = 0;
    if (this.#readers.length > 1 && this.#readers.every(({ waiting }) => waiting === 0)) {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#endHelpers(), IDLE_MS);
    }
  }

  /** Ends the workers beside the first, which have the model before this one or nothing to do. */
  #endHelpers() {
    for (const reader of this.#readers.splice(1)) {
      // What they have in hand is finished first; nothing more is asked of them.
      reader.settled().then(() => reader.end(''));
    }
  }

  /** @param {Reader} reader @param {BackendReply} reply */
  #ranOn(reader, { backend, reason, stopped }) {
    if (!reason) return;
    console.warn(`sottovoce: read on the processor: ${reason}`);
    if (stopped) this.#stops += 1;
    const again = stopped && this.#stops < MAX_STOPS;
    if (!again) this.#backend = backend;
    const message = again
      ? 'The graphics processor stopped. The processor went on in its place, and it is tried once more.'
      : `Readings come from the processor, with the same result but slower: ${reason}.`;
    dispatchEvent(new CustomEvent('sottovoce-backend', { detail: { message } }));
    if (again) this.#assets.then((assets) => reader.load(this.#loadOf(assets, this.#backend)));
  }

  /** Puts a fresh worker in the place of a dead one and tells whoever waits.
   * @param {Reader} reader @param {string} reason */
  #crashed(reader, reason) {
    console.error(`sottovoce: the analysis stopped: ${reason}`);
    const place = this.#readers.indexOf(reader);
    if (place >= 0) this.#readers.splice(place, 1);
    this.#crashes += 1;
    const again = this.#crashes < MAX_CRASHES;
    const message = again
      ? 'The analysis stopped unexpectedly and has been restarted. Try again; if it happens with this file only, the file is at fault.'
      : 'The analysis keeps stopping in this browser. Reload the page, or try a current Chrome, Edge or Firefox.';
    reader.end(message);
    if (again) this.#startFirst();
    dispatchEvent(new CustomEvent('sottovoce-crash', { detail: { message } }));
  }

  /** @returns {Promise<Assets>} */
  async #load() {
    const counter = countBytes(this.#onProgress);
    const [module, workers, model] = await Promise.all([getEngine(counter), sealed(), getModel(this.#model, counter)]);
    return { module, sealed: workers, ...model };
  }
}
