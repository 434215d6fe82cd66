// The element as a page of its own, for an <iframe>: takes parameters from its address, and messages from the embedding page.

import { answerEmbedder, embedderOrigin, mayEmbed, notAllowed, targetOrigin } from './embedder.js';

const parameters = new URLSearchParams(location.search);
const isEmbedded = parent !== window;
if (parameters.has('lang')) document.documentElement.lang = parameters.get('lang') ?? 'en';

function show() {
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
