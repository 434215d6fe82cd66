// A clip moment by moment: what is around each is read by itself, as a window of a long recording is.

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {{fromS: number, toS: number, report: Report | undefined}} ClipMoment */

const RATE_HZ = 16_000;
/** Length of what is read for a moment, around its middle: of a second alone, `voice` is hardly ever sure. */
const WINDOW_S = 1.5;
/** Seconds from one moment to the next. */
const STEP_S = 0.25;

/** Ends the reading in progress.
 * @type {AbortController} */
let current = new AbortController();
/** @type {Promise<void>} */ let running = Promise.resolve();

/** Reads a clip moment by moment; ends the reading of an earlier one.
 * @param {Engine} engine @param {Float32Array} samples Without padding.
 * @param {string | undefined} speaker A speaker reference as JSON text. @param {(moment: ClipMoment) => void} onMoment */
export function readMoments(engine, samples, speaker, onMoment) {
  current.abort();
  current = new AbortController();
  running = read(engine, samples, speaker, onMoment, current.signal).catch((error) => {
    // The page tells of a crash itself; the trace then stays without colours.
    console.warn(`sottovoce: the clip was not read moment by moment: ${error}`);
  });
}

/** Ends it, so that a recording that a visitor waits for finds the worker idle. */
export async function endMoments() {
  current.abort();
  await running;
}

/** @param {Engine} engine @param {Float32Array} samples @param {string | undefined} speaker
 * @param {(moment: ClipMoment) => void} onMoment @param {AbortSignal} signal */
async function read(engine, samples, speaker, onMoment, signal) {
  const lengthS = samples.length / RATE_HZ;
  const count = Math.max(1, Math.round(lengthS / STEP_S));
  // One after the other: they take turns with what else a visitor asks.
  for (let i = 0; i < count && !signal.aborted; i += 1) {
    const [fromS, toS] = [i, i + 1].map((place) => (place / count) * lengthS);
    const start = Math.max(0, Math.min(lengthS - WINDOW_S, (fromS + toS - WINDOW_S) / 2));
    const window = samples.slice(Math.round(start * RATE_HZ), Math.round((start + WINDOW_S) * RATE_HZ));
    const report = await engine.ask({ type: 'window', samples: window, rateHz: RATE_HZ, speaker });
    if (!signal.aborted) onMoment({ fromS, toS, report });
  }
}
