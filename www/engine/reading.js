// Reads whatever a recording comes as.

import { decodeInBrowser, mayDecode } from './browser-decode.js';
import { EngineError } from './engine-error.js';

/** @typedef {import('./types.d.ts').Channel} Channel */
/** @typedef {import('./types.d.ts').Reading} Reading */
/** @typedef {Pick<import('./engine.js').Engine, 'ask'>} Asked What can be asked for a reading. */

/** Reads a file; the browser decodes it where we cannot.
 * @param {Asked} asked @param {Blob} file @param {Channel} [channel] The one that is read alone.
 * @param {string} [speaker] What is known of the speaker, as JSON text. @returns {Promise<{reading: Reading, byBrowser: boolean}>} */
export async function readFile(asked, file, channel, speaker) {
  try {
    return { reading: await asked.ask({ type: 'file', file, channel, speaker }), byBrowser: false };
  } catch (error) {
    if (!(error instanceof EngineError) || !mayDecode(error.code)) throw error;
    const decoded = await decodeInBrowser(file);
    if (!decoded) throw error;
    return { reading: await asked.ask({ type: 'channels', ...decoded, channel, speaker }), byBrowser: true };
  }
}

/** Reads a clip of this site.
 * @param {Asked} asked @param {URL} address @returns {Promise<Reading>} */
export async function readAt(asked, address) {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new EngineError('not-loaded', 'This clip could not be loaded. Check the connection and try again.');
  return asked.ask({ type: 'file', file: await response.blob() });
}

/** Reads a file, its bytes, or mono samples.
 * @param {Asked} asked @param {unknown} audio @param {Channel} [channel] The one of a file that is read alone.
 * @param {string} [speaker] What is known of the speaker, as JSON text. @returns {Promise<Reading>} */
export async function read(asked, audio, channel, speaker) {
  if (audio instanceof Blob || audio instanceof ArrayBuffer) {
    return (await readFile(asked, new Blob([audio]), channel, speaker)).reading;
  }
  const { samples, rateHz } = /** @type {{samples?: unknown, rateHz?: unknown}} */ (audio ?? {});
  if (samples instanceof Float32Array && typeof rateHz === 'number') return asked.ask({ type: 'samples', samples, rateHz, speaker });
  throw new EngineError('no-audio', 'This is no sound: give a Blob, an ArrayBuffer, or {samples, rateHz} with mono samples.');
}
