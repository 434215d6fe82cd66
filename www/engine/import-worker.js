// Quantizes a speech encoder to eight bits, in a worker of its own, whose memory is freed when it ends.

/** @typedef {import('./types.d.ts').ImportReply} ImportReply */
/** @typedef {import('./types.d.ts').ImportRequest} ImportRequest */

/** @param {ImportRequest} request @returns {Promise<ImportReply>} */
async function convert({ script, module, folder, files: available }) {
  try {
    /** @type {typeof import('../../sottovoce_full.js')} */
    const { default: init, importEncoder } = await /** @type {any} */ (self).importModule(script);
    await init({ module_or_path: module });
    /** @param {string} name */
    const find = (name) => available.find((file) => file.name === name);
    const imported = importEncoder(folder, await (find('config.json')?.text() ?? ''),
      await find('preprocessor_config.json')?.text(), available);
    const files = /** @type {Uint8Array<ArrayBuffer>[]} */ (imported.files);
    return { description: imported.description, files };
  } catch (error) {
    const { code, message } = /** @type {{code?: import('./types.d.ts').ErrorCode, message: string}} */ (error);
    if (error instanceof DOMException) return { code: 'file-unreadable', message: 'This file can no longer be read. Choose it again.' };
    if (code) return { code, message };
    // Most likely out of memory: a page has 4 GB.
    console.warn(error);
    return { code: 'crashed', message: 'The conversion stopped; the encoder may be too large for a browser. Import it with the command line, and bring the folder that this writes.' };
  }
}

self.onmessage = async ({ data }) => {
  const reply = await convert(data);
  self.postMessage(reply, { transfer: 'files' in reply ? reply.files.map(({ buffer }) => buffer) : [] });
};
