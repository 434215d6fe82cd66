// The sample clips: a button for each. The first are read as they were acted and as most listeners hear them; the last is not.

import { fileAt } from '../engine/files.js';
import { analyzeUrl } from '../engine/reading.js';
import { analyzeAndShow, clearPrevious } from './analysis.js';
import { byId } from './dom.js';
import { showProblem, showStatus } from './status.js';
import { t } from './text.js';
import { quote, speaker, voice } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('./types.d.ts').OfferedSample} OfferedSample */

/** @param {Engine} engine */
export async function showSamples(engine) {
  const response = await fetch(fileAt('www/samples/samples.json'));
  /** @type {OfferedSample[]} */ const samples = await response.json();
  byId('samples').append(...samples.map((sample) => sampleButton(engine, sample)));
}

/** @param {Engine} engine @param {OfferedSample} sample */
function sampleButton(engine, sample) {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(line('voice', voice(sample)), ' ', line('words', quote(sample)));
  if (sample.disputed) {
    button.classList.add('disputed');
    button.append(' ', line('dispute', t('Here the model and most listeners disagree.')));
  }
  const source = speaker(sample);
  button.dataset.source = source;
  button.addEventListener('click', async () => {
    showProblem('');
    clearPrevious();
    showStatus(t('Listening to {source}.', { source }));
    await analyzeAndShow(engine, { source, acted: sample.acted, perceived: sample.perceived },
      (engine) => analyzeUrl(engine, fileAt(`www/samples/${sample.file}`)));
  });
  return button;
}

/** @param {string} name @param {string} text */
function line(name, text) {
  const element = document.createElement('span');
  element.className = name;
  element.textContent = text;
  return element;
}
