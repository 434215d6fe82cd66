// Reads a recording of any length, window by window, on as many workers as the engine has.

import { EngineError } from './engine-error.js';
import { sealed } from './sealed.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./types.d.ts').Channel} Channel */
/** @typedef {import('./types.d.ts').LongReply} LongReply */
/** @typedef {import('./types.d.ts').LongRequest} LongRequest */
/** @typedef {import('./types.d.ts').Moment} Moment */
/** @typedef {import('./types.d.ts').Note} Note */

const RATE_HZ = 16_000;
/** Loudness is shown twenty times a second. */
const PEAK_S = 0.05;

/** @param {Engine} engine @param {Blob} file @param {number} stepS Seconds from one window to the next.
 * @param {{opened: (durationS: number | undefined) => void, moment: (moment: Moment, index: number) => void}} hooks
 * Told of the length that the file says it has, and of each moment, not always in their order.
 * @param {AbortSignal} signal Ends it. @param {Channel} [channel] The one that is read alone.
 * @returns {Promise<{lostS: number, notes: Note[]}>} Seconds of sound that are missing or could not be read, and what else a
 * person should know. */
export async function follow(engine, file, stepS, hooks, signal, channel) {
  const windows = new LongWorker((await sealed()).start('long-worker.js'));
  try {
    const opened = await windows.ask({ type: 'open', module: await engine.module(), file, stepS, channel });
    if (opened.type === 'opened') hooks.opened(opened.durationS);
    let count = 0;
    let ended = false;
    /** @type {{lostS: number, notes: Note[]}} */ let told = { lostS: 0, notes: [] };
    const readOn = async () => {
      while (!ended && !signal.aborted) {
        const window = await windows.ask({ type: 'next' });
        if (window.type !== 'window') {
          ended = true;
          if (window.type === 'end') told = window;
          return;
        }
        const index = count;
        count += 1;
        const { startS, samples } = window;
        const endS = startS + samples.length / RATE_HZ;
        const peaks = peaksOf(samples.subarray(0, stepS * RATE_HZ), RATE_HZ);
        hooks.moment({ startS, endS, peaks, report: await engine.ask({ type: 'window', samples, rateHz: RATE_HZ }) }, index);
      }
    };
    await Promise.all(Array.from({ length: await engine.width() }, readOn));
    signal.throwIfAborted();
    return told;
  } finally {
    windows.end();
  }
}

/** The loudest of each twentieth of a second. @param {Float32Array} samples @param {number} rateHz */
export function peaksOf(samples, rateHz) {
  const each = PEAK_S * rateHz;
  const peaks = new Float32Array(Math.ceil(samples.length / each));
  for (let i = 0; i < samples.length; i += 1) {
    const at = Math.floor(i / each);
    peaks[at] = Math.max(peaks[at], Math.abs(samples[i]));
  }
  return peaks;
}

/** The worker that cuts; it answers in the order of the requests. */
class LongWorker {
  #worker;
  /** @type {{resolve: (reply: LongReply) => void, reject: (error: Error) => void}[]} */ #asked = [];

  /** @param {Worker} worker */
  constructor(worker) {
    this.#worker = worker;
    this.#worker.onmessage = ({ data }) => {
      const reply = /** @type {LongReply} */ (data);
      const asked = this.#asked.shift();
      if (reply.type === 'refused') asked?.reject(new EngineError(reply.code, reply.message));
      else asked?.resolve(reply);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new EngineError('crashed', 'The recording could not be followed. Reload the page and try again.');
      for (const { reject } of this.#asked.splice(0)) reject(error);
    };
  }

  /** @param {LongRequest} request @returns {Promise<LongReply>} */
  ask(request) {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  end() {
    this.#worker.terminate();
    for (const { reject } of this.#asked.splice(0)) reject(new EngineError('ended', ''));
  }
}
