// The engine for other people's programs: what the npm package exports. Its types, with what they mean, are in api-types.d.ts.

import { bytesOf, describe, scoresOnUnheardSpeakers } from './engine/assets.js';
import { EngineError } from './engine/engine-error.js';
import { Engine } from './engine/engine.js';
import { explain as explainClip } from './engine/explain.js';
import { read } from './engine/reading.js';

/** @typedef {import('./api-types.d.ts').Options} Options */

const NAMES = /** @type {const} */ (['voice', 'mfcc1', 'mfcc2', 'ms', 'baseline']);

/** One for each model and backend that was asked for, with those who hear how far its loading is.
 * @type {Map<string, {engine: Engine, tellers: Set<(share: number) => void>}>} */
const engines = new Map();

/** @param {Options} options */
function engineOf({ model = NAMES[0], backend = 'auto', onProgress }) {
  if (!NAMES.includes(model)) {
    throw new EngineError('no-model', `There is no model “${model}” here. Choose one of these: ${NAMES.join(', ')}.`);
  }
  const key = `${model} ${backend}`;
  const tellers = engines.get(key)?.tellers ?? new Set();
  if (onProgress) tellers.add(onProgress);
  const engine = engines.get(key)?.engine ?? new Engine(model, (share) => tellers.forEach((tell) => tell(share)), backend);
  engines.set(key, { engine, tellers });
  return engine;
}

/** What comes first: the answer, or the wish to end it. @template T @param {Promise<T>} answer @param {AbortSignal | undefined} signal */
function unlessAborted(answer, signal) {
  if (!signal) return answer;
  signal.throwIfAborted();
  return Promise.race([answer, new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  })]);
}

/** @type {typeof import('./api-types.d.ts').analyze} */
export const analyze = async (audio, options = {}) => unlessAborted(read(engineOf(options), inSamples(audio)), options.signal);

/** @type {typeof import('./api-types.d.ts').explain} */
export async function explain(audio, options = {}) {
  const { signal = new AbortController().signal } = options;
  const engine = engineOf(options);
  const { report, samples } = await unlessAborted(read(engine, inSamples(audio)), signal);
  const explained = explainClip(engine, samples, options.emotion ?? report.label, signal);
  const { summary, heat } = await unlessAborted(explained, signal);
  return { ...summary, heat };
}

/** @type {typeof import('./api-types.d.ts').models} */
export async function models() {
  const unheard = await scoresOnUnheardSpeakers();
  return Promise.all(NAMES.map(async (name) => {
    const manifest = await describe(name);
    return {
      name, summary: manifest.summary, bytes: bytesOf(manifest), accuracy: manifest.metrics.accuracy,
      accuracyOnNewVoices: unheard[name]?.accuracy,
    };
  }));
}

/** Samples alone are taken to be at the models' own rate. @param {unknown} audio */
const inSamples = (audio) => (audio instanceof Float32Array ? { samples: audio, rateHz: 16_000 } : audio);
