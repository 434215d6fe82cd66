// Brings a speech encoder to eight bits in a worker of its own, whose memory is free again when it ends.

import init, { importEncoder } from '../sottovoce.js';

/** @typedef {import('./types.d.ts').ImportReply} ImportReply */
/** @typedef {import('./types.d.ts').ImportRequest} ImportRequest */

/** @param {ImportRequest} request @returns {Promise<ImportReply>} */
async function answer({ module, folder, files: given }) {
  try {
    await init({ module_or_path: module });
    /** @param {string} name */
    const find = (name) => given.find((file) => file.name === name);
    // One file after the other is read into memory, when the engine asks for it.
    const read = (/** @type {string} */ name) =>
      new Uint8Array(new FileReaderSync().readAsArrayBuffer(/** @type {File} */ (find(name))));
    const imported = importEncoder(folder, await (find('config.json')?.text() ?? ''),
      await find('preprocessor_config.json')?.text(), given.map(({ name }) => name), read);
    const files = /** @type {Uint8Array<ArrayBuffer>[]} */ (imported.files);
    return { description: imported.description, files };
  } catch (error) {
    const { code, message } = /** @type {{code?: string, message?: string}} */ (error);
    return { code: code ?? 'crashed', message: message ?? String(error) };
  }
}

self.onmessage = async ({ data }) => {
  const reply = await answer(data);
  self.postMessage(reply, { transfer: 'files' in reply ? reply.files.map(({ buffer }) => buffer) : [] });
};
