// Starts the workers that hear voices, so that none of them can connect anywhere, not even to this site.
//
// A worker loaded from an address has only the policy that the server sends with it, and many servers send none. A worker
// made of text that the page loaded has the policy of the document that starts it: www/engine/sealed.html, which forbids all.

import { EngineError } from './engine-error.js';
import { fileAt } from './files.js';
import { scriptFrom } from './trusted.js';

/** @typedef {'worker.js' | 'long-worker.js' | 'import-worker.js'} Script */
/** @typedef {{start: (script: Script) => Worker}} Sealed */

/** @type {Script[]} */ const SCRIPTS = ['worker.js', 'long-worker.js', 'import-worker.js'];
/** What they import; servers for development put an address of their own in its place. */
const IMPORTED = /(?<=from\s*)(['"])[^'"]*\bsottovoce\.js[^'"]*\1/;

/** @type {Promise<Sealed> | undefined} */
let opened;

/** Opened once; again if that failed. All that workers will need is loaded then: they start without the network.
 * @returns {Promise<Sealed>} */
export function sealed() {
  opened ??= open().catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** @returns {Promise<Sealed>} */
async function open() {
  const [realm, engine, ...texts] = await Promise.all([frame(), text('sottovoce.js'), ...SCRIPTS.map((script) => text(`www/engine/${script}`))]);
  const imported = realm.URL.createObjectURL(script(engine));
  const made = texts.map((text) => realm.URL.createObjectURL(script(text.replace(IMPORTED, JSON.stringify(imported)))));
  return { start: (script) => new realm.Worker(scriptFrom(made[SCRIPTS.indexOf(script)]), { type: 'module' }) };
}

/** Firefox (140) lets a worker made of text listen to a server in spite of the policy, so that is taken away before anything
 * else runs. */
const DEAF = 'delete globalThis.EventSource;\n';

/** @param {string} text */
const script = (text) => new Blob([DEAF, text], { type: 'text/javascript' });

/** @returns {Promise<Window & typeof globalThis>} */
async function frame() {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Where voices are read';
  const loaded = new Promise((resolve) => { frame.onload = resolve; });
  frame.src = fileAt('www/engine/sealed.html').href;
  document.body.append(frame);
  await loaded;
  const policy = frame.contentDocument?.querySelector('meta[http-equiv="Content-Security-Policy"]');
  // Also when a server answers with a page of its own that says what went wrong.
  if (!policy) throw unloaded();
  return /** @type {Window & typeof globalThis} */ (frame.contentWindow);
}

/** @param {string} path @returns {Promise<string>} */
async function text(path) {
  const response = await fetch(fileAt(path)).catch(() => undefined);
  if (!response?.ok) throw unloaded();
  return response.text();
}

const unloaded = () => new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');
