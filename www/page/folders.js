// What a visitor drops or chooses: recordings, and folders that hold a model or a speech encoder.

/** @typedef {{name: string, files: File[]}} Folder */

/** What makes a folder one of a model or an encoder. */
const DESCRIPTIONS = ['model.json', 'encoder.json', 'config.json'];

/** Folders and recordings among what is dropped. Must be called while the event is handled.
 * @param {DataTransfer} data @returns {Promise<{folders: Folder[], recordings: File[]}>} */
export async function dropped(data) {
  // Entries can be taken during the event alone, and not everywhere.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  const loose = [...data.files];
  const directories = entries.filter((entry) => entry.isDirectory);
  const folders = await Promise.all(directories.map(async (entry) => ({
    name: entry.name, files: await filesIn(/** @type {FileSystemDirectoryEntry} */ (entry)),
  })));
  const names = new Set(directories.map(({ name }) => name));
  return sorted([...folders, { name: 'dropped', files: loose.filter(({ name }) => !names.has(name)) }]);
}

/** Folders and recordings among the files of a folder that was chosen.
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

/** Files that lie in a folder itself.
 * @param {FileSystemDirectoryEntry} directory @returns {Promise<File[]>} */
async function filesIn(directory) {
  const reader = directory.createReader();
  /** @type {FileSystemEntry[]} */ const entries = [];
  for (;;) {
    // A browser hands them out in parts, and none at the end.
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) break;
    entries.push(...some);
  }
  const files = entries.filter((entry) => entry.isFile);
  return Promise.all(files.map((entry) => new Promise((resolve, reject) => {
    /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
  })));
}
