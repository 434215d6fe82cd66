// Starts the workers that process recordings, so that none of them can connect anywhere, not even to this site.
//
// A worker loaded from an address has only the policy that the server sends with it, and many servers send none. A worker
// started from a blob inherits the policy of its document: www/engine/sealed.html, which allows no connection.

import { EngineError } from './engine-error.js';
import { fileAt } from './files.js';
import { scriptFrom } from './trusted.js';

/** @typedef {'worker.js' | 'long-worker.js' | 'import-worker.js'} Script */
/** @typedef {{start: (script: Script) => Worker, address: (script: string) => string}} Sealed */

/** @type {Script[]} */ const SCRIPTS = ['worker.js', 'long-worker.js', 'import-worker.js'];
/** Modules that they import; engines are handed to them. */
const MODULES = ['www/engine/gpu.js'];
/** An import; development servers change its address. */
const IMPORT = /(?<=from\s*)(['"])[^'"]*\b(\w+\.js)\b[^'"]*\1/g;

/** @type {Promise<Sealed> | undefined} */
let opened;

/** Opened once; again if that failed. It loads all that workers need, so that they start without the network.
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
  const [realm, modules, scripts] = await Promise.all([
    frame(), Promise.all(MODULES.map(text)), Promise.all(SCRIPTS.map((script) => text(`www/engine/${script}`))),
  ]);
  const address = (/** @type {string} */ module) => realm.URL.createObjectURL(script(module));
  const addresses = new Map(MODULES.map((path, index) => [path.split('/').at(-1), address(modules[index])]));
  const urls = scripts.map((text) => address(text.replaceAll(IMPORT, (_, __, name) => JSON.stringify(addresses.get(name)))));
  return {
    start: (script) => new realm.Worker(scriptFrom(urls[SCRIPTS.indexOf(script)]), { type: 'module' }),
    // Of the text of a script; a new one each time, so that a worker that imports it gets a new instance.
    address,
  };
}

/** Firefox (140) lets a worker from a blob open an EventSource in spite of the policy, so it is removed before anything else
 * runs. */
const NO_EVENT_SOURCE = 'delete globalThis.EventSource;\n';

/** For the modules of workers: development servers rewrite an `import()` that they see into one that fails in a blob. */
const IMPORT_MODULE = 'globalThis.importModule = (address) => import(address);\n';

/** @param {string} text */
const script = (text) => new Blob([NO_EVENT_SOURCE, IMPORT_MODULE, text], { type: 'text/javascript' });

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
  // For example when the server sends an error page of its own.
  if (!policy) throw notLoaded();
  return /** @type {Window & typeof globalThis} */ (frame.contentWindow);
}

/** @param {string} path @returns {Promise<string>} */
async function text(path) {
  const response = await fetch(fileAt(path)).catch(() => undefined);
  if (!response?.ok) throw notLoaded();
  return response.text();
}

const notLoaded = () => new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');
