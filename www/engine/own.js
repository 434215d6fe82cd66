// Visitors' own models and speech encoders in the browser's file store (OPFS): a folder each, below models/ and encoders/. Its
// description is written last; a folder without one is ignored.

import { EngineError } from './engine-error.js';

/** @typedef {import('./types.d.ts').EncoderDescription} EncoderDescription */
/** @typedef {import('./types.d.ts').FileEntry} FileEntry */
/** @typedef {import('./types.d.ts').Manifest} Manifest */
/** @typedef {'models' | 'encoders'} Kind */
/** @typedef {{name: string, data: BlobPart}} Contents */

/** The file that describes a folder. */
const DESCRIPTION = { models: 'model.json', encoders: 'encoder.json' };

/** @param {Kind} kind @param {boolean} [create] */
async function directory(kind, create = false) {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(kind, { create });
}

/** Stores files and their description under a name. Replaces what was there, which stays if this fails.
 * @param {Kind} kind @param {string} name @param {Contents[]} files @param {string} description */
export async function store(kind, name, files, description) {
  const contents = [...files, { name: DESCRIPTION[kind], data: description }];
  try {
    const folder = await (await directory(kind, true)).getDirectoryHandle(name, { create: true });
    for (const file of contents) await write(folder, file);
    const names = new Set(contents.map(({ name }) => name));
    for await (const older of /** @type {any} */ (folder).keys()) {
      if (!names.has(older)) await folder.removeEntry(older);
    }
  } catch (error) {
    if (!(await descriptions(kind)).some(([stored]) => stored === name)) await remove(kind, name).catch(() => {});
    throw new EngineError('not-kept', error instanceof DOMException && error.name === 'QuotaExceededError'
      ? 'There is not enough room for it in this browser’s store. Remove something, or free space on the disk.'
      : 'This browser gives pages no store for files here. Private windows often have none: try an ordinary one.');
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {Contents} contents */
async function write(folder, { name, data }) {
  const file = await folder.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  await stream.write(new Blob([data]));
  await stream.close();
}

/** @param {Kind} kind @param {string} name */
export async function remove(kind, name) {
  await (await directory(kind)).removeEntry(name, { recursive: true });
}

/** The text of each stored description, sorted by name.
 * @param {Kind} kind @returns {Promise<[string, string][]>} */
async function descriptions(kind) {
  /** @type {[string, string][]} */ const found = [];
  try {
    for await (const [name, folder] of /** @type {any} */ (await directory(kind)).entries()) {
      const file = await folder.getFileHandle(DESCRIPTION[kind]).catch(() => undefined);
      const text = await (await file?.getFile())?.text();
      if (text) found.push([name, text]);
    }
  } catch {
    // No store, or an empty one.
  }
  return found.sort(([a], [b]) => a.localeCompare(b));
}

/** @returns {Promise<{name: string, description: EncoderDescription}[]>} */
export async function encoders() {
  return (await descriptions('encoders')).map(([name, text]) => ({ name, description: JSON.parse(text) }));
}

/** @returns {Promise<{name: string, manifest: Manifest, text: string}[]>} */
export async function models() {
  return (await descriptions('models')).map(([name, text]) => ({ name, manifest: JSON.parse(text), text }));
}

/** A file of a model: its own, or one of its encoder.
 * @param {string} model @param {FileEntry} entry @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} */
export async function fileOf(model, entry) {
  const matching = (await encoders())
    .filter(({ description }) => description.shards.some(({ sha256 }) => sha256 === entry.sha256));
  /** @type {[Kind, string][]} */
  const locations = [['models', model], ...matching.map(({ name }) => /** @type {[Kind, string]} */ (['encoders', name]))];
  for (const [kind, name] of locations) {
    try {
      const folder = await (await directory(kind)).getDirectoryHandle(name);
      const file = await (await folder.getFileHandle(entry.file)).getFile();
      return new Uint8Array(await file.arrayBuffer());
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Whether all files of a model are stored.
 * @param {string} model @param {FileEntry[]} entries */
export async function isWhole(model, entries) {
  const hashes = new Set((await encoders()).flatMap(({ description }) => description.shards.map(({ sha256 }) => sha256)));
  const folder = await (await directory('models')).getDirectoryHandle(model);
  const found = await Promise.all(entries.map(({ file, sha256 }) => hashes.has(sha256)
    || folder.getFileHandle(file).then(() => true, () => false)));
  return found.every(Boolean);
}
