// Analyzes a recording of any length window by window, on as many workers as the engine has.

import { EngineError } from './engine-error.js';
import { sealed } from './sealed.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./types.d.ts').Channel} Channel */
/** @typedef {import('./types.d.ts').LongReply} LongReply */
/** @typedef {import('./types.d.ts').LongRequest} LongRequest */
/** @typedef {import('./types.d.ts').Moment} Moment */
/** @typedef {import('./types.d.ts').Note} Note */

const RATE_HZ = 16_000;
/** Interval of the peaks that are drawn. */
const PEAK_S = 0.05;
/** Moments that may wait for their consumer before the analysis pauses. */
const MAX_WAITING = 32;

/** @param {Engine} engine @param {Blob} file @param {number} stepS Seconds from one window to the next.
 * @param {{onOpen: (durationS: number | undefined) => void, onMoment: (moment: Moment, index: number, enrolment?: string) => void | Promise<void>}} hooks
 * Called with the length that the file declares, and with each moment, not always in order, and the speaker reference of its window.
 * @param {AbortSignal} signal Cancels it. @param {Channel} [channel] The only one to analyze.
 * @param {string} [speaker] A speaker reference as JSON text.
 * @returns {Promise<{lostS: number, notes: Note[]}>} Seconds of audio that are missing or could not be decoded, and notes. */
export async function follow(engine, file, stepS, hooks, signal, channel, speaker) {
  const windows = new LongWorker((await sealed()).start('long-worker.js'));
  try {
    const opened = await windows.ask({ type: 'open', ...await engine.code(), file, stepS, channel });
    if (opened.type === 'opened') hooks.onOpen(opened.durationS);
    let count = 0;
    let ended = false;
    /** @type {{lostS: number, notes: Note[]}} */ let end = { lostS: 0, notes: [] };
    const work = async () => {
      while (!ended && !signal.aborted) {
        const window = await windows.ask({ type: 'next' });
        if (window.type !== 'window') {
          ended = true;
          if (window.type === 'end') end = window;
          return;
        }
        const index = count;
        count += 1;
        const { startS, samples } = window;
        const peaks = peaksOf(samples.subarray(0, stepS * RATE_HZ), RATE_HZ);
        const { report, enrolment } = await engine.ask({ type: 'enrolWindow', samples, rateHz: RATE_HZ, speaker }) ?? {};
        await hooks.onMoment({ start_s: startS, end_s: startS + samples.length / RATE_HZ, peaks, report }, index, enrolment);
      }
    };
    await Promise.all(Array.from({ length: await engine.concurrency() }, work));
    signal.throwIfAborted();
    return end;
  } finally {
    windows.end();
  }
}

/** The moments of a recording in order, as they are computed; returns what `follow` does. A consumer that breaks off ends the analysis,
 * and a slow one slows it down.
 * @param {Engine} engine @param {Blob} file @param {number} stepS Seconds from one window to the next.
 * @param {{signal?: AbortSignal, channel?: Channel, speaker?: string}} options */
export async function* followInOrder(engine, file, stepS, { signal, channel, speaker }) {
  const brokenOff = new AbortController();
  const signals = AbortSignal.any(signal ? [signal, brokenOff.signal] : [brokenOff.signal]);
  /** By index; those that are not yet consumed. @type {Map<number, Moment>} */ const moments = new Map();
  const changed = new EventTarget();
  const change = () => changed.dispatchEvent(new Event('change'));
  const nextChange = () => new Promise((resolve) => { changed.addEventListener('change', resolve, { once: true }); });
  /** @type {(() => {lost_s: number, notes: Note[]}) | undefined} */ let end;
  const onMoment = async (/** @type {Moment} */ moment, /** @type {number} */ index) => {
    moments.set(index, moment);
    change();
    while (moments.size > MAX_WAITING && !signals.aborted) await nextChange();
  };
  signals.addEventListener('abort', change);
  follow(engine, file, stepS, { onOpen: () => {}, onMoment }, signals, channel, speaker)
    .then(({ lostS, notes }) => { end = () => ({ lost_s: lostS, notes }); }, (error) => { end = () => { throw error; }; })
    .finally(change);
  try {
    for (let index = 0; ; index += 1) {
      while (!moments.has(index) && !end && !signal?.aborted) await nextChange();
      signal?.throwIfAborted();
      const moment = moments.get(index);
      if (!moment) return /** @type {() => {lost_s: number, notes: Note[]}} */ (end)();
      moments.delete(index);
      change();
      yield moment;
    }
  } finally {
    brokenOff.abort();
  }
}

/** The peak of each twentieth of a second. @param {Float32Array} samples @param {number} rateHz */
export function peaksOf(samples, rateHz) {
  const length = PEAK_S * rateHz;
  const peaks = new Float32Array(Math.ceil(samples.length / length));
  for (let i = 0; i < samples.length; i += 1) {
    const at = Math.floor(i / length);
    peaks[at] = Math.max(peaks[at], Math.abs(samples[i]));
  }
  return peaks;
}

/** The worker that cuts the recording into windows; it replies in the order of the requests. */
class LongWorker {
  #worker;
  /** @type {{resolve: (reply: LongReply) => void, reject: (error: Error) => void}[]} */ #pending = [];

  /** @param {Worker} worker */
  constructor(worker) {
    this.#worker = worker;
    this.#worker.onmessage = ({ data }) => {
      const reply = /** @type {LongReply} */ (data);
      const request = this.#pending.shift();
      if (reply.type === 'refused') request?.reject(new EngineError(reply.code, reply.message));
      else request?.resolve(reply);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new EngineError('crashed', 'The recording could not be followed. Reload the page and try again.');
      for (const { reject } of this.#pending.splice(0)) reject(error);
    };
  }

  /** @param {LongRequest} request @returns {Promise<LongReply>} */
  ask(request) {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  end() {
    this.#worker.terminate();
    for (const { reject } of this.#pending.splice(0)) reject(new EngineError('ended', ''));
  }
}
