// The engines of programs and pages that ask for models by name: one for each, loaded when it is first asked for.

import { EngineError } from './engine-error.js';
import { Engine } from './engine.js';

/** The models that ship. */
export const MODELS = /** @type {const} */ (['voice', 'hubert-small', 'wav2vec2-small', 'mfcc1', 'mfcc2', 'ms', 'baseline']);

/** With those who hear how far the loading of each is.
 * @type {Map<string, {engine: Engine, tellers: Set<(share: number) => void>}>} */
const engines = new Map();

/** @param {string} [model] @param {(share: number) => void} [onProgress] Hears how much is loaded, 0 to 1, until all is.
 * @param {import('./types.d.ts').Backend} [backend] @returns {Engine} */
export function engineOf(model = MODELS[0], onProgress = () => {}, backend = 'auto') {
  if (!MODELS.some((name) => name === model)) {
    throw new EngineError('no-model', `There is no model “${model}” here. Choose one of these: ${MODELS.join(', ')}.`);
  }
  const key = `${model} ${backend}`;
  const { engine, tellers } = engines.get(key) ?? start(model, backend);
  engines.set(key, { engine, tellers });
  tellers.add(onProgress);
  engine.manifest().then(() => tellers.delete(onProgress), () => {});
  return engine;
}

/** @param {string} model @param {import('./types.d.ts').Backend} backend */
function start(model, backend) {
  /** @type {Set<(share: number) => void>} */ const tellers = new Set();
  return { engine: new Engine(model, (share) => tellers.forEach((tell) => tell(share)), backend), tellers };
}
