// The element as a page of its own, for an <iframe>: what its address asks for, and messages to and from the page around it.

import { embedder, mayEmbed, notAllowed, target } from './embedder.js';

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
} else if (isEmbedded) {
  serve(show());
} else {
  show();
}

/** @param {ReturnType<typeof show>} element */
function serve(element) {
  /** @param {object} message @param {string} [origin] */
  const tell = (message, origin = embedder() ?? '*') => parent.postMessage({ sottovoce: 1, ...message }, target(origin));
  addEventListener('message', async ({ data, source, origin }) => {
    if (source !== parent || data?.sottovoce !== 1 || data.ask !== 'analyze' || !mayEmbed(origin)) return;
    const { id } = data;
    try {
      tell({ type: 'answer', id, answer: await element.analyze(data.audio) }, origin);
    } catch (error) {
      const { code, message } = /** @type {{code: string, message: string}} */ (error);
      tell({ type: 'error', id, code, message }, origin);
    }
  });
  // What comes of what visitors do in the frame.
  for (const type of ['result', 'progress', 'error']) {
    element.addEventListener(type, (event) => tell({ type, detail: /** @type {CustomEvent} */ (event).detail }));
  }
  tell({ type: 'ready' });
}
