// The choice of a model: loads it while the one before goes on, then analyzes the recording on the page again.

import { OWN } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { showAccuracy } from './accuracy.js';
import { reanalyzeShown } from './analysis.js';
import { byId } from './dom.js';
import { beginModelLoad, endModelLoad, isCurrentLoad, showModelLoad } from './loading.js';
import { showProblem } from './status.js';
import { t, translated } from './text.js';
import * as timeline from './timeline.js';
import { percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */

/** The model in use until the chosen one is loaded: a small one, so that nobody waits. */
export const FIRST_MODEL = 'mfcc1';

let currentModel = FIRST_MODEL;

/** @param {Engine} engine */
export function setUpModelChoice(engine) {
  byId('model').addEventListener('change', () => useModel(engine, byId('model').value));
}

/** Tells of the model in use. @param {Engine} engine */
export const showCurrentModel = async (engine) => showAccuracy(currentModel, await engine.manifest());

/** Marks the document with the model in use. */
export function markCurrentModel() {
  document.documentElement.dataset.model = currentModel;
}

/** Switches to another model, and analyzes the recording on the page again with it. The model before stays in use until it is
 * loaded, and if it cannot be.
 * @param {Engine} engine @param {string} model */
export async function useModel(engine, model) {
  timeline.stop();
  const load = beginModelLoad();
  showProblem('');
  try {
    await engine.use(model, (share) => showModelLoad(t('Loading {model}, {share}. Until then {other} reads.',
      { model: displayName(model), share: percent(share), other: displayName(currentModel) }), share), load.signal);
    currentModel = model;
    markCurrentModel();
    await showCurrentModel(engine);
  } catch (error) {
    // Another choice replaced this one.
    if (!isCurrentLoad(load)) return;
    byId('model').value = currentModel;
    if (!load.signal.aborted) showProblem(error instanceof EngineError ? translated(error.message) : String(error));
    return;
  } finally {
    endModelLoad(load);
  }
  await reanalyzeShown();
}

/** @param {string} model */
const displayName = (model) => model.replace(OWN, '');
