// One worker that runs the engine, with its pending requests.

import { EngineError } from './engine-error.js';

/** @typedef {import('./types.d.ts').Load} Load */
/** @typedef {import('./types.d.ts').Reply} Reply */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {Extract<Reply, {type: 'backend'}>} BackendReply */

/** A worker that does not reply for this long counts as crashed. */
const TIMEOUT_MS = 30_000;
/** The same while the GPU is set up, which compiles its kernels. */
const WARM_UP_TIMEOUT_MS = 150_000;
/** Id of the load with which every worker begins; later requests count from 1. */
const FIRST_LOAD = 0;

/** Analyzes recordings one after the other. */
export class Reader {
  #worker;
  #hooks;
  /** @type {Map<number, {resolve: (r: any) => void, reject: (e: Error) => void}>} */ #pending = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  /** @type {((nothing: undefined) => void) | undefined} */ #onSettled;
  #load;
  #lastId = 0;
  #isWarmingUp = false;

  /** @param {Worker} worker @param {Load} load What it begins with.
   * @param {{onBackend: (reply: BackendReply) => void, onWarmUp: () => void, onCrash: (reason: string) => void, onReply: () => void}} hooks */
  constructor(worker, load, hooks) {
    this.#hooks = hooks;
    this.#load = load;
    this.#worker = worker;
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      hooks.onCrash(event.message ?? 'the worker could not be started');
    };
    this.#worker.postMessage({ type: 'load', id: FIRST_LOAD, ...load });
  }

  /** How many requests have no reply yet; the set-up of a GPU counts as one. */
  get pending() {
    return this.#pending.size + Number(this.#isWarmingUp);
  }

  /** @param {Load} load @returns {Promise<void>} */
  async load(load) {
    const before = this.#load;
    this.#load = load;
    await this.ask((id) => ({ type: 'load', id, ...load })).catch((error) => {
      this.#load = before;
      throw error;
    });
  }

  /** Has the worker set up the GPU for its model; the reply is one on the backend. @param {import('./types.d.ts').GpuLoad} load */
  useGpu(load) {
    const { manifest, files } = this.#load;
    this.#worker.postMessage({ type: 'gpu', ...load, manifest, files });
    this.#warmUp(true);
  }

  /** @param {(id: number) => Request} request @returns {Promise<any>} The worker's answer. */
  ask(request) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
      this.#watch();
    });
  }

  /** Resolves once no request is pending. */
  settled() {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      this.#settle();
    });
  }

  /** Ends the worker; pending requests fail. @param {EngineError} error */
  end(error) {
    clearTimeout(this.#watchdog);
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /** @param {Reply} reply */
  #receive(reply) {
    if (reply.type === 'crashed') return this.#hooks.onCrash(reply.message);
    if (reply.type === 'backend') {
      this.#warmUp(false);
      return this.#hooks.onBackend(reply);
    }
    if (reply.type === 'warm-up') return this.#hooks.onWarmUp();
    // No request is pending for the first load, so its failure counts as a crash.
    if (reply.type === 'refused' && reply.id === FIRST_LOAD) return this.#hooks.onCrash(reply.message);
    const request = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    this.#watch();
    this.#settle();
    if (reply.type === 'ready') return request?.resolve(undefined);
    if (reply.type === 'answer') request?.resolve(reply.answer);
    else request?.reject(new EngineError(reply.code, reply.message));
    this.#hooks.onReply();
  }

  #settle() {
    if (this.#pending.size === 0) this.#onSettled?.(undefined);
  }

  /** @param {boolean} isRunning */
  #warmUp(isRunning) {
    this.#isWarmingUp = isRunning;
    this.#watch();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    if (this.pending === 0) return;
    const timeout = this.#isWarmingUp ? WARM_UP_TIMEOUT_MS : TIMEOUT_MS;
    this.#watchdog = setTimeout(() => this.#hooks.onCrash('no answer from the worker'), timeout);
  }
}
