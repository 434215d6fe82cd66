// The npm package's exports: the engine for other programs. api-types.d.ts documents them.

import { bytesOf, getAccuracyOnUnseenSpeakers, getManifest } from './engine/assets.js';
import { EngineError } from './engine/engine-error.js';
import { MODELS, engineOf } from './engine/engines.js';
import { explain as explainClip } from './engine/explain.js';
import { analyzeAudio } from './engine/reading.js';

export { EngineError };

/** The answer, unless the signal is aborted first. @template T @param {Promise<T>} answer @param {AbortSignal | undefined} signal */
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
  return unlessAborted(analyzeAudio(engineOf(model, onProgress, backend), inSamples(audio), channel, speaker?.reference), signal);
}

/** @type {typeof import('./api-types.d.ts').speakerReference} */
export async function speakerReference(of, options = {}) {
  const { model, onProgress, backend, signal } = options;
  const references = of.map((item) => ('reference' in item ? item.reference : item.enrolment)).filter((text) => text !== undefined);
  return unlessAborted(engineOf(model, onProgress, backend).ask({ type: 'merge', references }), signal);
}

/** @type {typeof import('./api-types.d.ts').explain} */
export async function explain(audio, options = {}) {
  const { model, onProgress, backend, channel, speaker, signal = new AbortController().signal } = options;
  const engine = engineOf(model, onProgress, backend);
  const { report, samples } = await unlessAborted(analyzeAudio(engine, inSamples(audio), channel, speaker?.reference), signal);
  const explanation = explainClip(engine, samples, options.emotion ?? report.label, signal, speaker?.reference);
  const { summary, heat } = await unlessAborted(explanation, signal);
  return { ...summary, heat };
}

/** @type {typeof import('./api-types.d.ts').models} */
export async function models() {
  const unseen = await getAccuracyOnUnseenSpeakers();
  return Promise.all(MODELS.map(async (name) => {
    const manifest = await getManifest(name);
    return {
      name, summary: manifest.summary, bytes: bytesOf(manifest), accuracy: manifest.metrics.accuracy,
      accuracyOnNewVoices: unseen[name]?.accuracy,
    };
  }));
}

/** Samples without a rate are at that of the models. @param {unknown} audio */
const inSamples = (audio) => (audio instanceof Float32Array ? { samples: audio, rateHz: 16_000 } : audio);
