// The engine as the page sees it: loads it and a model once, and runs workers. One worker serves occasional requests; many
// requests at once start more, which end when idle.

import { countBytes, getEngine, getFurtherEngine, getModel } from './assets.js';
import { EngineError } from './engine-error.js';
import { Reader } from './reader.js';
import { sealed } from './sealed.js';

/** @typedef {import('./types.d.ts').Backend} Backend */
/** @typedef {import('./types.d.ts').EngineCode} EngineCode */
/** @typedef {import('./types.d.ts').Load} Load */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').ModelFiles} ModelFiles */
/** @typedef {import('./types.d.ts').Answers} Answers */
/** @template {Topic} T @typedef {import('./types.d.ts').Question<T>} Question */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @typedef {import('./reader.js').BackendReply} BackendReply */
/** @typedef {import('./sealed.js').Sealed} Sealed */
/** @typedef {import('./assets.js').EngineFiles} EngineFiles */
/** `gpu` is the engine for GPUs, if one is wanted. @typedef {{sealed: Sealed, gpu?: EngineFiles} & Load} Assets */

/** Crashes in a row after which no new worker is started. */
const MAX_CRASHES = 3;
/** Times that the GPU may stop before it is no longer used. */
const MAX_STOPS = 2;
/** The GPU is set up once nothing was asked for this long. */
const GPU_AFTER_MS = 1500;
/** Maximum of workers, and of memory for all of them. */
const MAX_READERS = 4;
const MAX_MEMORY = 500e6;
/** Memory of a worker without the model. */
const READER_MEMORY = 60e6;
/** Workers other than the first end after this long without requests. */
const IDLE_MS = 20_000;

/** Analyzes recordings in workers.
 *
 * Events: `backend` when the CPU takes over from the GPU, `crash` when a worker crashed; both have a message for people in
 * `detail`. `warm-up` when the GPU is set up, which delays requests, and again when that is done: `detail.isRunning`. */
export class Engine extends EventTarget {
  #onProgress;
  /** @type {Promise<Assets>} */ #assets;
  /** @type {string} */ #model;
  /** The first serves occasional requests, and is the only one that may use the GPU.
   * @type {Reader[]} */
  #readers = [];
  /** A worker with the full engine, for gradients. @type {Promise<Reader> | undefined} */
  #full;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #idle;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #gpuTimer;
  /** Whether the first worker has been offered the GPU. */
  #isOffered = false;
  #crashes = 0;
  #stops = 0;
  #backend;
  #closing = new AbortController();

  /** Starts loading at once.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Called with the share that is loaded, 0 to 1.
   * @param {Backend} [backend] What runs networks. */
  constructor(model, onProgress = () => {}, backend = 'auto') {
    super();
    this.#onProgress = onProgress;
    this.#model = model;
    this.#backend = backend;
    this.#assets = this.#load();
    this.#startFirst();
  }

  /** Switches to another model; keeps the one before if the other cannot be loaded.
   * @param {string} model Name of a folder below models/.
   * @param {(share: number) => void} onProgress Called with the share that is loaded, 0 to 1.
   * @param {AbortSignal} [signal] Cancels the loading. */
  async use(model, onProgress, signal) {
    const before = await this.#assets;
    const assets = { ...before, ...(await getModel(model, countBytes(onProgress), signal)) };
    signal?.throwIfAborted();
    const first = this.#readers[0] ?? this.#start(before);
    await first.load(loadOf(assets));
    this.#offer(first, assets);
    this.#model = model;
    this.#assets = Promise.resolve(assets);
    this.#endOthers();
  }

  /** The model's description, once it is loaded.
   * @returns {Promise<Manifest>} */
  async manifest() {
    return JSON.parse((await this.#assets).manifest);
  }

  /** The engine, for other workers.
   * @returns {Promise<EngineCode>} */
  async code() {
    const { script, module } = await this.#loaded();
    return { script, module };
  }

  /** Whether the next explanation by gradients must load the full engine first. */
  get lacksGradients() {
    return !this.#full;
  }

  /** Loads the full engine, which explains by gradients, with the same model; once.
   * @param {(share: number) => void} [onProgress] Called with the share that is loaded, 0 to 1. @returns {Promise<Reader>} */
  loadGradients(onProgress) {
    this.#full ??= this.#startFull(onProgress).catch((error) => {
      this.#full = undefined;
      throw error;
    });
    return this.#full;
  }

  /** How many requests to make at once: one per core, if there is memory for as many copies of the model.
   * @returns {Promise<number>} */
  async concurrency() {
    const { files } = await this.#assets;
    const model = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
    // A copy of the files, and the tensors made of them.
    const fit = Math.floor(MAX_MEMORY / (READER_MEMORY + 2 * model));
    return Math.max(1, Math.min(MAX_READERS, navigator.hardwareConcurrency || 1, fit));
  }

  /** Sends a request to the least busy worker.
   * @template {Topic} T @param {Question<T>} question @returns {Promise<Answers[T]>} */
  async ask(question) {
    this.#closing.signal.throwIfAborted();
    if (this.#readers.length === 0) this.#retry();
    const assets = await this.#loaded();
    const concurrency = await this.concurrency();
    const full = question.type === 'explain' ? await this.loadGradients() : undefined;
    this.#closing.signal.throwIfAborted();
    clearTimeout(this.#idle);
    clearTimeout(this.#gpuTimer);
    const reader = full ?? this.#leastBusy(assets, concurrency);
    return reader.ask((id) => /** @type {Request} */ (/** @type {unknown} */ ({ id, ...question })));
  }

  /** @param {Assets} assets @param {number} concurrency @returns {Reader} */
  #leastBusy(assets, concurrency) {
    const [first] = this.#readers;
    const byLoad = [...this.#readers].sort((a, b) => a.pending - b.pending);
    const isFull = byLoad.length >= concurrency;
    // Where the GPU is wanted, only the first worker will do: others have none.
    const free = this.#backend === 'webgpu' ? first : (isFull || byLoad[0]?.pending === 0) && byLoad[0];
    return free || this.#start(assets);
  }

  /** Resolves once the first worker has nothing to do. */
  async settled() {
    await this.#loaded();
    await this.#readers[0]?.settled();
  }

  /** Ends all workers; pending requests and later ones fail. */
  close() {
    this.#closing.abort(closed());
    clearTimeout(this.#idle);
    clearTimeout(this.#gpuTimer);
    for (const reader of this.#readers.splice(0)) reader.end(closed());
    this.#full?.then((reader) => reader.end(closed()), () => {});
  }

  /** Engine and model; closing stops their loading. @returns {Promise<Assets>} */
  async #loaded() {
    const { signal } = this.#closing;
    const assets = await this.#assets.catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
    signal.throwIfAborted();
    return assets;
  }

  /** Loads again after a failure to load; starts again after too many crashes. */
  #retry() {
    this.#crashes = 0;
    this.#assets = this.#assets.catch(() => this.#load());
    this.#startFirst();
  }

  #startFirst() {
    this.#assets.then((assets) => {
      if (this.#readers.length > 0 || this.#closing.signal.aborted) return;
      this.#offer(this.#start(assets), assets);
    }, () => {});
  }

  /** @param {Assets} assets @returns {Reader} */
  #start(assets) {
    const reader = this.#newReader(assets);
    this.#readers.push(reader);
    return reader;
  }

  /** @param {(share: number) => void} [onProgress] @returns {Promise<Reader>} */
  async #startFull(onProgress) {
    const { script, module } = await getFurtherEngine('full', onProgress);
    // The model may have been changed meanwhile.
    const assets = await this.#loaded();
    return this.#newReader({ ...assets, script: assets.sealed.address(script), module });
  }

  /** @param {Assets} assets @returns {Reader} */
  #newReader(assets) {
    /** @type {Reader} */ const reader = new Reader(assets.sealed.start('worker.js'), loadOf(assets), {
      onBackend: (reply) => this.#onBackend(reader, reply),
      onWarmUp: () => this.#tellWarmUp(true),
      onCrash: (reason) => this.#onCrash(reader, reason),
      onReply: () => this.#onReply(),
    });
    return reader;
  }

  /** Offers the first worker the GPU with a model: before its first request if it is wanted, else once a request was answered.
   * @param {Reader} reader @param {Assets} assets */
  #offer(reader, assets) {
    this.#isOffered = this.#backend !== 'auto';
    if (this.#backend !== 'webgpu') return;
    if (assets.gpu) this.#useGpu(reader, assets, assets.gpu);
    else this.#onBackend(reader, { type: 'backend', backend: 'cpu', reason: 'the part of the analyzer for it could not be loaded' });
  }

  /** @param {Reader} reader @param {Assets} assets @param {EngineFiles} gpu */
  #useGpu(reader, { sealed }, { script, module }) {
    reader.useGpu({ script: sealed.address(script), module, wanted: this.#backend === 'webgpu' });
  }

  /** Offers the first worker the GPU once nothing is asked: its first run delays what comes after. */
  #offerWhenIdle() {
    clearTimeout(this.#gpuTimer);
    if (this.#isOffered) return;
    this.#gpuTimer = setTimeout(() => {
      this.#isOffered = true;
      // The CPU goes on without it.
      this.#offerNow().catch((error) => console.warn('sottovoce: the graphics processor is not used:', error));
    }, GPU_AFTER_MS);
  }

  /** Unless there is only a software one, which nobody wanted. */
  async #offerNow() {
    const [reader] = this.#readers;
    const assets = await this.#assets;
    if (this.#backend !== 'webgpu' && !(await hasGpu())) return;
    const gpu = assets.gpu ?? await getFurtherEngine('gpu');
    if (this.#readers[0] === reader && !this.#closing.signal.aborted) this.#useGpu(reader, assets, gpu);
  }

  #onReply() {
    this.#crashes = 0;
    this.#offerWhenIdle();
    if ((this.#full || this.#readers.length > 1) && this.#readers.every(({ pending }) => pending === 0)) {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#endOthers(), IDLE_MS);
    }
  }

  /** Ends all workers but the first: they have an earlier model, or nothing to do. */
  #endOthers() {
    const others = [...this.#readers.splice(1), this.#full];
    this.#full = undefined;
    for (const other of others) {
      // Requests in progress are finished first.
      Promise.resolve(other).then(async (reader) => {
        await reader?.settled();
        reader?.end(closed());
      }, () => {});
    }
  }

  /** @param {boolean} isRunning */
  #tellWarmUp(isRunning) {
    this.dispatchEvent(new CustomEvent('warm-up', { detail: { isRunning } }));
  }

  /** @param {Reader} reader @param {BackendReply} reply */
  #onBackend(reader, { backend, reason, stopped }) {
    this.#tellWarmUp(false);
    if (!reason) return;
    console.warn(`sottovoce: runs on the CPU: ${reason}`);
    if (stopped) this.#stops += 1;
    const isRetried = stopped && this.#stops < MAX_STOPS;
    const wasWanted = stopped || this.#backend === 'webgpu';
    if (!isRetried) this.#backend = backend;
    if (!wasWanted) return;
    const message = isRetried
      ? 'The graphics processor stopped. The processor went on in its place, and it is tried once more.'
      : `Readings come from the processor, with the same result but slower: ${reason}.`;
    this.dispatchEvent(new CustomEvent('backend', { detail: { message } }));
    if (!isRetried) return;
    this.#isOffered = false;
    this.#offerWhenIdle();
  }

  /** Replaces a worker that crashed; its pending requests fail.
   * @param {Reader} reader @param {string} reason */
  #onCrash(reader, reason) {
    console.error(`sottovoce: the analysis stopped: ${reason}`);
    const index = this.#readers.indexOf(reader);
    if (index >= 0) this.#readers.splice(index, 1);
    this.#full?.then((full) => { if (full === reader) this.#full = undefined; });
    this.#crashes += 1;
    const isRestarted = this.#crashes < MAX_CRASHES;
    const message = isRestarted
      ? 'The analysis stopped unexpectedly and has been restarted. Try again; if it happens with this file only, the file is at fault.'
      : 'The analysis keeps stopping in this browser. Reload the page, or try a current Chrome, Edge or Firefox.';
    reader.end(new EngineError('crashed', message));
    if (isRestarted) this.#startFirst();
    this.dispatchEvent(new CustomEvent('crash', { detail: { message } }));
  }

  /** @returns {Promise<Assets>} */
  async #load() {
    const counter = countBytes(this.#onProgress);
    const [{ script, module }, workers, gpu, model] = await Promise.all([
      getEngine(counter), sealed(),
      this.#backend === 'webgpu' ? getFurtherEngine('gpu').catch(() => undefined) : undefined,
      getModel(this.#model, counter, this.#closing.signal),
    ]);
    return { script: workers.address(script), module, sealed: workers, gpu, ...model };
  }
}

/** What a worker is started with. @param {Assets} assets @returns {Load} */
const loadOf = ({ script, module, manifest, files }) => ({ script, module, manifest, files });

/** Whether the browser has a GPU that the engine can use, which is no software.
 * @returns {Promise<boolean>} */
async function hasGpu() {
  /** @type {{requestAdapter: () => Promise<{features: Set<string>, info: {isFallbackAdapter?: boolean}} | null>} | undefined} */
  const gpu = /** @type {any} */ (navigator).gpu;
  const adapter = await gpu?.requestAdapter();
  return Boolean(adapter?.features.has('timestamp-query')) && !adapter?.info.isFallbackAdapter;
}

const closed = () => new EngineError('ended', 'This engine was closed. Make another one.');
