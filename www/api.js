// The engine for other people's programs: what the npm package exports. Its types, with what they mean, are in api-types.d.ts.

import { bytesOf, describe, scoresOnUnheardSpeakers } from './engine/assets.js';
import { MODELS, engineOf } from './engine/engines.js';
import { explain as explainClip } from './engine/explain.js';
import { read } from './engine/reading.js';

/** What comes first: the answer, or the wish to end it. @template T @param {Promise<T>} answer @param {AbortSignal | undefined} signal */
function unlessAborted(answer, signal) {
  if (!signal) return answer;
  signal.throwIfAborted();
  return Promise.race([answer, new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  })]);
}

/** @type {typeof import('./api-types.d.ts').analyze} */
export async function analyze(audio, options = {}) {
  const { model, onProgress, backend, signal, channel, speaker } = options;
  return unlessAborted(read(engineOf(model, onProgress, backend), inSamples(audio), channel, speaker?.reference), signal);
}

/** @type {typeof import('./api-types.d.ts').speakerReference} */
export async function speakerReference(of, options = {}) {
  const { model, onProgress, backend, signal } = options;
  const references = of.map((known) => ('reference' in known ? known.reference : known.enrolment)).filter((text) => text !== undefined);
  return unlessAborted(engineOf(model, onProgress, backend).ask({ type: 'merge', references }), signal);
}

/** @type {typeof import('./api-types.d.ts').explain} */
export async function explain(audio, options = {}) {
  const { model, onProgress, backend, channel, speaker, signal = new AbortController().signal } = options;
  const engine = engineOf(model, onProgress, backend);
  const { report, samples } = await unlessAborted(read(engine, inSamples(audio), channel, speaker?.reference), signal);
  const explained = explainClip(engine, samples, options.emotion ?? report.label, signal, speaker?.reference);
  const { summary, heat } = await unlessAborted(explained, signal);
  return { ...summary, heat };
}

/** @type {typeof import('./api-types.d.ts').models} */
export async function models() {
  const unheard = await scoresOnUnheardSpeakers();
  return Promise.all(MODELS.map(async (name) => {
    const manifest = await describe(name);
    return {
      name, summary: manifest.summary, bytes: bytesOf(manifest), accuracy: manifest.metrics.accuracy,
      accuracyOnNewVoices: unheard[name]?.accuracy,
    };
  }));
}

/** Samples alone are taken to be at the models' own rate. @param {unknown} audio */
const inSamples = (audio) => (audio instanceof Float32Array ? { samples: audio, rateHz: 16_000 } : audio);
