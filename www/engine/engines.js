// Engines by the name of their model, for programs and embedding pages: loaded when first requested.

import { EngineError } from './engine-error.js';
import { Engine } from './engine.js';

/** The models that ship. */
export const MODELS = /** @type {const} */ (['voice', 'hubert-small', 'wav2vec2-small', 'mfcc1', 'mfcc2', 'ms', 'baseline']);

/** With the listeners to the loading progress of each.
 * @type {Map<string, {engine: Engine, listeners: Set<(share: number) => void>}>} */
const engines = new Map();

/** The name, if there is such a model. @param {string} [model] */
export function checkModel(model = MODELS[0]) {
  if (MODELS.some((name) => name === model)) return model;
  throw new EngineError('no-model', `There is no model “${model}” here. Choose one of these: ${MODELS.join(', ')}.`);
}

/** @param {string} [model] @param {(share: number) => void} [onProgress] Called with the share that is loaded, 0 to 1.
 * @param {import('./types.d.ts').Backend} [backend] @returns {Engine} */
export function engineOf(model, onProgress = () => {}, backend = 'auto') {
  const name = checkModel(model);
  const key = `${name} ${backend}`;
  const { engine, listeners } = engines.get(key) ?? start(name, backend);
  engines.set(key, { engine, listeners });
  listeners.add(onProgress);
  engine.manifest().then(() => listeners.delete(onProgress), () => {});
  return engine;
}

/** @param {string} model @param {import('./types.d.ts').Backend} backend */
function start(model, backend) {
  /** @type {Set<(share: number) => void>} */ const listeners = new Set();
  return { engine: new Engine(model, (share) => listeners.forEach((onProgress) => onProgress(share)), backend), listeners };
}
