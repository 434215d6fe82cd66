// One worker that runs the engine: what it was asked and has not answered yet, and how it ends.

import { EngineError } from './engine-error.js';

/** @typedef {import('./types.d.ts').Load} Load */
/** @typedef {import('./types.d.ts').Reply} Reply */
/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {Extract<Reply, {type: 'backend'}>} BackendReply */

/** A worker that says nothing for this long is taken for dead. */
const SILENCE_MS = 30_000;
/** Of the load with which every worker begins; what is asked for later counts from 1. */
const FIRST_LOAD = 0;

/** Reads recordings one after the other. */
export class Reader {
  #worker;
  #hooks;
  /** @type {Map<number, {resolve: (r: any) => void, reject: (e: Error) => void}>} */ #waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  /** @type {((nothing: undefined) => void) | undefined} */ #whenSettled;
  #lastId = 0;

  /** @param {Worker} worker @param {Load} load What it begins with.
   * @param {{ranOn: (reply: BackendReply) => void, crashed: (reason: string) => void, read: () => void}} hooks Told of
   * what runs the encoder, of its own end, and of each reading. */
  constructor(worker, load, hooks) {
    this.#hooks = hooks;
    this.#worker = worker;
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      hooks.crashed(event.message ?? 'the worker could not be started');
    };
    this.#worker.postMessage({ type: 'load', id: FIRST_LOAD, ...load });
  }

  /** How much it has not answered yet. */
  get waiting() {
    return this.#waiting.size;
  }

  /** @param {Load} load @returns {Promise<void>} */
  load(load) {
    return this.ask((id) => ({ type: 'load', id, ...load }));
  }

  /** @param {(id: number) => Request} request @returns {Promise<any>} What the worker answers. */
  ask(request) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
      this.#watch();
    });
  }

  /** Once everything is answered. */
  settled() {
    return new Promise((resolve) => {
      this.#whenSettled = resolve;
      this.#settle();
    });
  }

  /** Ends the worker, and tells whoever waits. @param {string} message */
  end(message) {
    clearTimeout(this.#watchdog);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new EngineError('crashed', message));
    this.#waiting.clear();
  }

  /** @param {Reply} reply */
  #hear(reply) {
    if (reply.type === 'crashed') return this.#hooks.crashed(reply.message);
    if (reply.type === 'backend') return this.#hooks.ranOn(reply);
    // Nobody asked for the first load, so nobody would hear that it failed.
    if (reply.type === 'refused' && reply.id === FIRST_LOAD) return this.#hooks.crashed(reply.message);
    const asked = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#watch();
    this.#settle();
    if (reply.type === 'ready') return asked?.resolve(undefined);
    if (reply.type === 'answer') asked?.resolve(reply.answer);
    else asked?.reject(new EngineError(reply.code, reply.message));
    this.#hooks.read();
  }

  #settle() {
    if (this.#waiting.size === 0) this.#whenSettled?.(undefined);
  }

  #watch() {
    clearTimeout(this.#watchdog);
    if (this.#waiting.size === 0) return;
    this.#watchdog = setTimeout(() => this.#hooks.crashed('no answer from the worker'), SILENCE_MS);
  }
}
