// <speech-emotion> for any page, from a plain <script src>: the build makes one script of this and what it imports. Elements of one
// language share an engine, in a hidden frame of the site that this script comes from; the microphone has a frame, too.

import { defineSpeechEmotion } from './element.js';
import { microphoneIn } from './microphone-frame.js';

const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);

/** The engine in its frame. */
class Frame {
  /** @type {Map<string, Frame>} */ static #byLanguage = new Map();
  #frame = document.createElement('iframe');
  #origin;
  #ready;
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void, onProgress: (progress: any) => void}>} */
  #pending = new Map();
  #lastId = 0;

  /** @param {string} language */
  static of(language) {
    const frame = Frame.#byLanguage.get(language) ?? new Frame(language);
    Frame.#byLanguage.set(language, frame);
    return frame;
  }

  /** @param {string} language */
  constructor(language) {
    const address = new URL('engine.html', src);
    if (language) address.searchParams.set('lang', language);
    this.#origin = address.origin;
    this.#frame.hidden = true;
    this.#frame.title = 'sottovoce';
    this.#ready = new Promise((resolve, reject) => {
      addEventListener('message', ({ data, source }) => {
        if (source !== this.#frame.contentWindow || data?.sottovoce !== 1) return;
        if (data.type === 'ready') resolve(undefined);
        // The page around this element is sandboxed, and so is the frame.
        else if (data.detail?.code === 'sandboxed') reject(asError(data.detail.code, data.detail.message));
        else this.#receive(data);
      });
      setTimeout(() => reject(asError('not-loaded', `${address.origin} did not answer.`)), 30_000);
    });
    this.#frame.src = address.href;
    (document.body ?? document.documentElement).append(this.#frame);
  }

  /** @param {object} question @param {(progress: any) => void} [onProgress] @returns {Promise<any>} */
  async ask(question, onProgress = () => {}) {
    await this.#ready;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#frame.contentWindow?.postMessage({ sottovoce: 1, id, ...question }, this.#origin);
    });
  }

  /** @param {any} data */
  #receive({ id, type, answer, code, message, ...progress }) {
    const request = this.#pending.get(id);
    if (type === 'progress') return request?.onProgress(progress);
    this.#pending.delete(id);
    if (type === 'answer') request?.resolve(answer);
    else request?.reject(asError(code, message));
  }
}

/** @param {string} code @param {string} message */
const asError = (code, message) => Object.assign(new Error(message), { code });

defineSpeechEmotion({
  engine: (language) => Frame.of(language),
  microphone: microphoneIn(src),
  meaning: new URL('../../#meaning', src).href,
});
