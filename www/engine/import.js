// Imports visitors' own models and speech encoders into the browser's store.

import { filesOf, getFurtherEngine } from './assets.js';
import { EngineError } from './engine-error.js';
import { store } from './own.js';
import { sealed } from './sealed.js';

/** @typedef {import('./types.d.ts').EncoderDescription} EncoderDescription */
/** @typedef {import('./types.d.ts').ImportReply} ImportReply */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {import('./types.d.ts').Folder} Folder */

/** A name that is safe for a folder. @param {string} name */
const safeName = (name) => name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^\.+/, '') || 'unnamed';

/** Stores the model or encoder in a folder.
 * @param {Folder} folder @param {AbortSignal} signal
 * @returns {Promise<{kind: 'models' | 'encoders', name: string}>} */
export async function importFolder(folder, signal) {
  const file = (/** @type {string} */ name) => folder.files.find((file) => file.name === name);
  const model = file('model.json');
  if (model) return importModel(folder, await model.text());
  const encoder = file('encoder.json');
  if (encoder) return importEncoder(folder, await encoder.text());
  const converted = await convert(folder, signal);
  /** @type {EncoderDescription} */ const description = JSON.parse(converted.description);
  const name = safeName(folder.name);
  const files = description.shards.map(({ file }, index) => ({ name: file, data: converted.files[index] }));
  await store('encoders', name, files, converted.description);
  return { kind: 'encoders', name };
}

/** @param {Folder} folder @param {string} text @returns {Promise<{kind: 'models', name: string}>} */
async function importModel(folder, text) {
  /** @type {Manifest} */ const manifest = parse(text, 'model.json', ({ name, weights, metrics, training, front_end }) =>
    name && weights.file && metrics.accuracy >= 0 && training.split && front_end);
  // An encoder's files may be missing: it can be imported separately.
  const wanted = filesOf(manifest).map(({ file }) => file);
  const absent = [manifest.weights, manifest.speaker?.weights]
    .find((entry) => entry && !folder.files.some(({ name }) => name === entry.file));
  if (absent) throw missing(absent.file);
  const name = safeName(manifest.name);
  const files = folder.files.filter((file) => wanted.includes(file.name));
  await store('models', name, files.map((file) => ({ name: file.name, data: file })), text);
  return { kind: 'models', name };
}

/** Stores an encoder that `sottovoce encoder import` wrote.
 * @param {Folder} folder @param {string} text @returns {Promise<{kind: 'encoders', name: string}>} */
async function importEncoder(folder, text) {
  /** @type {EncoderDescription} */ const description = parse(text, 'encoder.json', ({ name, network, shards }) =>
    name && network.layers && shards.length);
  const files = description.shards.map(({ file }) => {
    const data = folder.files.find(({ name }) => name === file);
    if (!data) throw missing(file);
    return { name: file, data };
  });
  const name = safeName(description.name);
  await store('encoders', name, files, text);
  return { kind: 'encoders', name };
}

/** @param {string} file */
const missing = (file) =>
  new EngineError('incomplete', `The folder lacks ${file}. Bring it whole, as it was written.`);

/** @param {string} text @param {string} file
 * @param {(description: any) => unknown} hasAll Whether it has all that the page needs. @returns {any} */
function parse(text, file, hasAll) {
  try {
    const description = JSON.parse(text);
    if (hasAll(description)) return description;
  } catch {
    // Thrown below.
  }
  throw new EngineError('damaged', `${file} is not what sottovoce writes. Bring the folder as it was written.`);
}

/** @param {Folder} folder @param {AbortSignal} signal
 * @returns {Promise<Extract<ImportReply, {files: Uint8Array<ArrayBuffer>[]}>>} */
async function convert({ name, files }, signal) {
  const [{ start, address }, { script, module }] = await Promise.all([sealed(), getFurtherEngine('full')]);
  signal.throwIfAborted();
  const worker = start('import-worker.js');
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
  worker.postMessage({ script: address(script), module, folder: name, files });
  return converted.finally(() => worker.terminate());
}
