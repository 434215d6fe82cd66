// The sample clips: a button for each.

import { analyzeUrl } from '../engine/reading.js';
import { analyzeAndShow, clearPrevious } from './analysis.js';
import { byId } from './dom.js';
import { showProblem, showStatus } from './status.js';
import { t } from './text.js';
import { speaker } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Sample} Sample */

/** @param {Engine} engine */
export async function showSamples(engine) {
  const response = await fetch(new URL('../samples/samples.json', import.meta.url));
  /** @type {Sample[]} */ const samples = await response.json();
  byId('samples').append(...samples.map((sample) => sampleButton(engine, sample)));
}

/** @param {Engine} engine @param {Sample} sample */
function sampleButton(engine, sample) {
  const button = document.createElement('button');
  button.type = 'button';
  const name = speaker(sample);
  button.textContent = name;
  button.addEventListener('click', async () => {
    showProblem('');
    clearPrevious();
    showStatus(t('Listening to {source}.', { source: name }));
    await analyzeAndShow(engine, { source: name, acted: sample.acted },
      (engine) => analyzeUrl(engine, new URL(`../samples/${sample.file}`, import.meta.url)));
  });
  return button;
}
