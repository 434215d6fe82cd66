// Takes models and speech encoders that a visitor brings into the browser's store.

import { filesOf } from './assets.js';
import { EngineError } from './engine-error.js';
import { keep } from './own.js';
import { sealed } from './sealed.js';

/** @typedef {import('./types.d.ts').EncoderDescription} EncoderDescription */
/** @typedef {import('./types.d.ts').ImportReply} ImportReply */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('../page/folders.js').Folder} Folder */

/** A name that can be one of a folder. @param {string} name */
const plain = (name) => name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^\.+/, '') || 'unnamed';

/** Keeps what a folder holds.
 * @param {Folder} folder @param {WebAssembly.Module} module The engine. @param {AbortSignal} signal
 * @returns {Promise<{kind: 'models' | 'encoders', name: string}>} */
export async function bring(folder, module, signal) {
  const file = (/** @type {string} */ name) => folder.files.find((file) => file.name === name);
  const model = file('model.json');
  if (model) return bringModel(folder, await model.text());
  const ours = file('encoder.json');
  if (ours) return bringImported(folder, await ours.text());
  const imported = await convert(folder, module, signal);
  /** @type {EncoderDescription} */ const description = JSON.parse(imported.description);
  const name = plain(folder.name);
  const files = description.shards.map(({ file }, place) => ({ name: file, data: imported.files[place] }));
  await keep('encoders', name, files, imported.description);
  return { kind: 'encoders', name };
}

/** @param {Folder} folder @param {string} text @returns {Promise<{kind: 'models', name: string}>} */
async function bringModel(folder, text) {
  /** @type {Manifest} */ const manifest = parse(text, 'model.json', ({ name, weights, metrics, training, front_end }) =>
    name && weights.file && metrics.accuracy >= 0 && training.split && front_end);
  // An encoder's files may be missing: the visitor can bring it apart.
  const wanted = filesOf(manifest).map(({ file }) => file);
  const lacking = [manifest.weights, manifest.speaker?.weights]
    .find((entry) => entry && !folder.files.some(({ name }) => name === entry.file));
  if (lacking) throw missing(lacking.file);
  const name = plain(manifest.name);
  const files = folder.files.filter((file) => wanted.includes(file.name));
  await keep('models', name, files.map((file) => ({ name: file.name, data: file })), text);
  return { kind: 'models', name };
}

/** An encoder that `sottovoce encoder import` wrote.
 * @param {Folder} folder @param {string} text @returns {Promise<{kind: 'encoders', name: string}>} */
async function bringImported(folder, text) {
  /** @type {EncoderDescription} */ const description = parse(text, 'encoder.json', ({ name, network, shards }) =>
    name && network.layers && shards.length);
  const files = description.shards.map(({ file }) => {
    const data = folder.files.find(({ name }) => name === file);
    if (!data) throw missing(file);
    return { name: file, data };
  });
  const name = plain(description.name);
  await keep('encoders', name, files, text);
  return { kind: 'encoders', name };
}

/** @param {string} file */
const missing = (file) =>
  new EngineError('incomplete', `The folder lacks ${file}. Bring it whole, as it was written.`);

/** @param {string} text @param {string} file
 * @param {(description: any) => unknown} hasAll Whether what the page needs is there. @returns {any} */
function parse(text, file, hasAll) {
  try {
    const description = JSON.parse(text);
    if (hasAll(description)) return description;
  } catch {
    // Refused below.
  }
  throw new EngineError('damaged', `${file} is not what sottovoce writes. Bring the folder as it was written.`);
}

/** @param {Folder} folder @param {WebAssembly.Module} module @param {AbortSignal} signal
 * @returns {Promise<Extract<ImportReply, {files: Uint8Array<ArrayBuffer>[]}>>} */
async function convert({ name, files }, module, signal) {
  const worker = (await sealed()).start('import-worker.js');
  /** @type {Promise<any>} */
  const converted = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      const reply = /** @type {ImportReply} */ (data);
      if ('files' in reply) resolve(reply);
      else reject(new EngineError(reply.code, reply.message));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new EngineError('crashed', 'The conversion could not be started. Reload the page and try again.'));
    };
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  worker.postMessage({ module, folder: name, files });
  return converted.finally(() => worker.terminate());
}
