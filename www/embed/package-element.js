// <speech-emotion> of the npm package: the engine runs on the page itself, in workers that cannot connect anywhere. Importing it needs
// no document, and loads nothing before there is an element.

import { defineSpeechEmotion } from './element.js';
import { asError, localEngine } from './local-engine.js';

/** For people, in English: what would translate it could not be loaded. */
const NOT_LOADED = { code: 'not-loaded', message: 'Part of the analyzer could not be loaded. Check the connection and try again.' };

/** @type {Promise<typeof import('./answers.js') & typeof import('./describe-error.js')> | undefined} */
let loading;

/** What answers questions; loaded again if that failed. */
async function load() {
  loading ??= Promise.all([import('./answers.js'), import('./describe-error.js')]).then(([one, other]) => ({ ...one, ...other }));
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    console.error(error);
    throw asError(NOT_LOADED);
  }
}

const engine = localEngine(load);

/** @type {import('./element.js').Host['microphone']} */
function microphone({ labels, model }, onMessage) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = labels.record;
  // A press before it can record would be lost.
  button.disabled = true;
  let cancel = () => {};
  import('./record-button.js').then(({ setUpRecordButton }) => {
    button.disabled = false;
    cancel = setUpRecordButton(button, { model, check: () => {}, send: onMessage });
  }, () => onMessage({ type: 'error', ...NOT_LOADED }));
  return { button, useModel: () => {}, cancel: () => cancel() };
}

if (globalThis.customElements) defineSpeechEmotion({ engine: () => engine, microphone });
