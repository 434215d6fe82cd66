// The element as a page of its own, for an <iframe>: takes parameters from its address, and messages from the embedding page. The
// engine runs on this page; the microphone has a frame of its own, as in other pages.

import { fileAt } from '../engine/files.js';
import { answers } from './answers.js';
import { describeError } from './describe-error.js';
import { defineSpeechEmotion } from './element.js';
import { answerEmbedder, embedderOrigin, mayEmbed, notAllowed, targetOrigin } from './embedder.js';
import { localEngine } from './local-engine.js';
import { microphoneIn } from './microphone-frame.js';

const parameters = new URLSearchParams(location.search);
const isEmbedded = parent !== window;
if (parameters.has('lang')) document.documentElement.lang = parameters.get('lang') ?? 'en';

function show() {
  const engine = localEngine(async () => ({ answers, describeError }));
  defineSpeechEmotion({ engine: () => engine, microphone: microphoneIn(location.href), meaning: `${fileAt('')}#meaning` });
  const element = /** @type {HTMLElement & {analyze: (audio: any) => Promise<any>}} */ (document.createElement('speech-emotion'));
  for (const name of ['model', 'samples', 'lang', 'theme', 'mic', 'files']) {
    const value = parameters.get(name);
    if (value !== null) element.setAttribute(name, value);
  }
  document.getElementById('main')?.append(element);
  return element;
}

if (isEmbedded && !mayEmbed(embedderOrigin())) {
  document.getElementById('main')?.append(notAllowed(embedderOrigin()).message);
} else {
  const element = show();
  if (isEmbedded) serve(element);
}

/** @param {ReturnType<typeof show>} element */
function serve(element) {
  const to = targetOrigin(embedderOrigin() ?? '*');
  // Events of what visitors do in the frame.
  for (const type of ['result', 'progress', 'error']) {
    element.addEventListener(type, (event) => {
      parent.postMessage({ sottovoce: 1, type, detail: /** @type {CustomEvent} */ (event).detail }, to);
    });
  }
  answerEmbedder({ analyze: ({ audio }) => element.analyze(audio) });
}
