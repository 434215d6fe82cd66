// <speech-emotion> for any page, from a plain <script src>: the build makes one script of this and what it imports. Elements of one
// language share an engine, in a hidden frame of the site that this script comes from; the microphone has a frame, too.

import { defineSpeechEmotion } from './element.js';

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

/** The button that records, in a frame of the site that this script comes from: only a click in that frame presses it, and the audio
 * stays there. @type {import('./element.js').Host['microphone']} */
function microphone({ labels, language, theme, model }, onMessage) {
  const address = new URL('microphone.html', src);
  address.searchParams.set('lang', language);
  address.searchParams.set('theme', theme);
  const button = document.createElement('iframe');
  button.title = labels.record;
  button.allow = 'microphone; autoplay';
  let useModel = () => {};
  addEventListener('message', ({ data, source }) => {
    if (source !== button.contentWindow || data?.sottovoce !== 1) return;
    if (data.type === 'ready') {
      useModel = () => button.contentWindow?.postMessage({ sottovoce: 1, id: 0, ask: 'hello', model: model() }, address.origin);
      useModel();
    } else {
      const { sottovoce, id, ...message } = data;
      onMessage(message);
    }
  });
  button.src = address.href;
  // The frame ends with the element, and the recording with the frame.
  return { button, useModel: () => useModel(), cancel: () => {} };
}

defineSpeechEmotion({
  engine: (language) => Frame.of(language),
  microphone,
  meaning: new URL('../../#meaning', src).href,
});
