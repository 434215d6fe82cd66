// What a visitor drops or chooses: recordings, and folders that hold a model or a speech encoder.

/** @typedef {import('../engine/types.d.ts').Folder} Folder */

/** A folder with one of these holds a model or an encoder. */
const DESCRIPTIONS = ['model.json', 'encoder.json', 'config.json'];

/** Folders and recordings among what was dropped. Must be called while the event is handled.
 * @param {DataTransfer} data @returns {Promise<{folders: Folder[], recordings: File[]}>} */
export async function dropped(data) {
  // Entries exist during the event only, and not in every browser.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  const loose = [...data.files];
  const directories = entries.filter((entry) => entry.isDirectory);
  const folders = await Promise.all(directories.map(async (entry) => ({
    name: entry.name, files: await filesIn(/** @type {FileSystemDirectoryEntry} */ (entry)),
  })));
  const names = new Set(directories.map(({ name }) => name));
  return sorted([...folders, { name: 'dropped', files: loose.filter(({ name }) => !names.has(name)) }]);
}

/** Folders and recordings among the files of a chosen folder.
 * @param {File[]} files */
export function chosen(files) {
  /** @type {Map<string, File[]>} */ const folders = new Map();
  for (const file of files) {
    const name = file.webkitRelativePath.split('/').at(-2) ?? '';
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  return sorted([...folders].map(([name, files]) => ({ name, files })));
}

/** @param {Folder[]} folders */
function sorted(folders) {
  const described = folders.filter(({ files }) => files.some(({ name }) => DESCRIPTIONS.includes(name)));
  const others = folders.filter((folder) => !described.includes(folder));
  return { folders: described, recordings: others.flatMap(({ files }) => files) };
}

/** The files directly in a folder.
 * @param {FileSystemDirectoryEntry} directory @returns {Promise<File[]>} */
async function filesIn(directory) {
  const reader = directory.createReader();
  /** @type {FileSystemEntry[]} */ const entries = [];
  for (;;) {
    // Browsers return them in batches, an empty one at the end.
    const batch = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!batch.length) break;
    entries.push(...batch);
  }
  const files = entries.filter((entry) => entry.isFile);
  return Promise.all(files.map((entry) => new Promise((resolve, reject) => {
    /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
  })));
}
