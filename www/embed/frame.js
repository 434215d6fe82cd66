// The element as a page of its own, for an <iframe>: what its address asks for, and messages to and from the page around it.

import { answerEmbedder, embedder, mayEmbed, notAllowed, target } from './embedder.js';

const asked = new URLSearchParams(location.search);
const isEmbedded = parent !== window;
if (asked.has('lang')) document.documentElement.lang = asked.get('lang') ?? 'en';

function show() {
  const element = /** @type {HTMLElement & {analyze: (audio: any) => Promise<any>}} */ (document.createElement('speech-emotion'));
  for (const name of ['model', 'samples', 'lang', 'theme', 'mic', 'files']) {
    const value = asked.get(name);
    if (value !== null) element.setAttribute(name, value);
  }
  document.getElementById('main')?.append(element);
  return element;
}

if (isEmbedded && !mayEmbed(embedder())) {
  document.getElementById('main')?.append(notAllowed(embedder()).message);
} else {
  const element = show();
  if (isEmbedded) serve(element);
}

/** @param {ReturnType<typeof show>} element */
function serve(element) {
  const to = target(embedder() ?? '*');
  // What comes of what visitors do in the frame.
  for (const type of ['result', 'progress', 'error']) {
    element.addEventListener(type, (event) => {
      parent.postMessage({ sottovoce: 1, type, detail: /** @type {CustomEvent} */ (event).detail }, to);
    });
  }
  answerEmbedder({ analyze: ({ audio }) => element.analyze(audio) });
}
