// The npm package's exports: the engine for other programs. api-types.d.ts documents them.

import { bytesOf, getAccuracyOnUnseenSpeakers, getManifest } from './engine/assets.js';
import { EngineError } from './engine/engine-error.js';
import { Engine as WorkerEngine } from './engine/engine.js';
import { MODELS, checkModel, engineOf } from './engine/engines.js';
import { explain as explainClip } from './engine/explain.js';
import { followInOrder } from './engine/follow.js';
import { analyzeAudio } from './engine/reading.js';

export { EngineError };

/** @typedef {import('./api-types.d.ts').Audio} Audio */
/** @typedef {import('./api-types.d.ts').ClipOptions} ClipOptions */

/** The events of an engine. */
const EVENTS = ['backend', 'crash'];

/** Length of a window, which a step must not exceed. */
const WINDOW_S = 4;
const MIN_STEP_S = 0.25;

class PackageEngine extends EventTarget {
  #engine;

  constructor({ model, backend, onProgress } = /** @type {import('./api-types.d.ts').EngineOptions} */ ({})) {
    super();
    this.#engine = new WorkerEngine(checkModel(model), onProgress, backend);
    for (const type of EVENTS) {
      this.#engine.addEventListener(type, (event) => {
        this.dispatchEvent(new CustomEvent(type, { detail: /** @type {CustomEvent} */ (event).detail }));
      });
    }
  }

  /** @param {Audio} audio @param {ClipOptions} [options] */
  analyze(audio, options) {
    return analyzeWith(this.#engine, audio, options);
  }

  /** @param {Audio} audio @param {ClipOptions & {emotion?: import('./api-types.d.ts').Emotion}} [options] */
  explain(audio, options) {
    return explainWith(this.#engine, audio, options);
  }

  /** @type {import('./api-types.d.ts').Engine['speakerReference']} */
  speakerReference(of, options) {
    return referenceWith(this.#engine, of, options);
  }

  /** @param {Blob} file @param {import('./api-types.d.ts').FollowOptions} [options] */
  follow(file, { step_s = 2, channel, speaker, signal } = {}) {
    if (!(step_s >= MIN_STEP_S && step_s <= WINDOW_S)) throw new EngineError('out-of-range', 'Windows can start every 0.25 to 4 seconds.');
    return followInOrder(this.#engine, file, step_s, { signal, channel, speaker: speaker?.reference });
  }

  close() {
    this.#engine.close();
  }
}

// Its declaration has the types of the events, which those of EventTarget lack.
export const Engine = /** @type {typeof import('./api-types.d.ts').Engine} */ (/** @type {unknown} */ (PackageEngine));

/** @type {typeof import('./api-types.d.ts').analyze} */
export const analyze = async (audio, options = {}) => analyzeWith(shared(options), audio, options);

/** @type {typeof import('./api-types.d.ts').explain} */
export const explain = async (audio, options = {}) => explainWith(shared(options), audio, options);

/** @type {typeof import('./api-types.d.ts').speakerReference} */
export const speakerReference = async (of, options = {}) => referenceWith(shared(options), of, options);

/** @type {typeof import('./api-types.d.ts').models} */
export async function models() {
  const unseen = await getAccuracyOnUnseenSpeakers();
  return Promise.all(MODELS.map(async (name) => {
    const manifest = await getManifest(name);
    return {
      name, summary: manifest.summary, bytes: bytesOf(manifest), accuracy: manifest.metrics.accuracy,
      accuracy_on_unseen_speakers: unseen[name]?.accuracy,
    };
  }));
}

/** The engine that the functions share. @param {import('./api-types.d.ts').EngineOptions} options */
const shared = ({ model, onProgress, backend }) => engineOf(model, onProgress, backend);

/** @param {WorkerEngine} engine @param {Audio} audio @param {ClipOptions} [options] */
const analyzeWith = (engine, audio, { channel, speaker, signal } = {}) =>
  unlessAborted(() => analyzeAudio(engine, inSamples(audio), channel, speaker?.reference), signal);

/** @param {WorkerEngine} engine @param {Audio} audio @param {ClipOptions & {emotion?: import('./api-types.d.ts').Emotion}} [options] */
async function explainWith(engine, audio, { emotion, channel, speaker, signal = new AbortController().signal } = {}) {
  const { report, samples } = await analyzeWith(engine, audio, { channel, speaker, signal });
  const explanation = () => explainClip(engine, samples, emotion ?? report.label, signal, speaker?.reference);
  const { summary, heat } = await unlessAborted(explanation, signal);
  return { ...summary, heat };
}

/** @param {WorkerEngine} engine @param {Parameters<typeof import('./api-types.d.ts').speakerReference>[0]} of
 * @param {{signal?: AbortSignal}} [options] */
function referenceWith(engine, of, { signal } = {}) {
  const references = of.map((item) => ('reference' in item ? item.reference : item.enrolment)).filter((text) => text !== undefined);
  return unlessAborted(() => engine.ask({ type: 'merge', references }), signal);
}

/** The answer, unless the signal is aborted first. @template T @param {() => Promise<T>} request @param {AbortSignal} [signal] */
async function unlessAborted(request, signal) {
  signal?.throwIfAborted();
  const answer = request();
  if (!signal) return answer;
  const settled = new AbortController();
  const aborted = new Promise((/** @type {(answer: T) => void} */ _, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: settled.signal });
  });
  return Promise.race([answer, aborted]).finally(() => settled.abort());
}

/** Samples without a rate are at that of the models. @param {unknown} audio */
const inSamples = (audio) => (audio instanceof Float32Array ? { samples: audio, rate_hz: 16_000 } : audio);
