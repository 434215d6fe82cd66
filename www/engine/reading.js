// Analyzes recordings: files, addresses or samples.

import { decodeInBrowser, mayDecode } from './browser-decode.js';
import { EngineError } from './engine-error.js';

/** @typedef {import('./types.d.ts').Channel} Channel */
/** @typedef {import('./types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').EngineClient} EngineClient */

/** Analyzes a file; the browser decodes it where the engine cannot.
 * @param {EngineClient} engine @param {Blob} file @param {Channel} [channel] The only one to analyze.
 * @param {string} [speaker] A speaker reference as JSON text. @returns {Promise<{reading: Reading, byBrowser: boolean}>} */
export async function analyzeFile(engine, file, channel, speaker) {
  try {
    return { reading: await engine.ask({ type: 'file', file, channel, speaker }), byBrowser: false };
  } catch (error) {
    if (!(error instanceof EngineError) || !mayDecode(error.code)) throw error;
    const decoded = await decodeInBrowser(file);
    if (!decoded) throw error;
    return { reading: await engine.ask({ type: 'channels', ...decoded, channel, speaker }), byBrowser: true };
  }
}

/** Analyzes a clip of this site.
 * @param {EngineClient} engine @param {URL} url @param {string} [custom] A custom classifier as JSON text. @returns {Promise<Reading>} */
export async function analyzeUrl(engine, url, custom) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new EngineError('not-loaded', 'This clip could not be loaded. Check the connection and try again.');
  return engine.ask({ type: 'file', file: await response.blob(), custom });
}

/** Analyzes a file, its bytes, or mono samples.
 * @param {EngineClient} engine @param {unknown} audio @param {Channel} [channel] The only one of a file to analyze.
 * @param {string} [speaker] A speaker reference as JSON text. @returns {Promise<Reading>} */
export async function analyzeAudio(engine, audio, channel, speaker) {
  if (audio instanceof Blob || audio instanceof ArrayBuffer) {
    return (await analyzeFile(engine, new Blob([audio]), channel, speaker)).reading;
  }
  const { samples, rate_hz: rateHz } = /** @type {{samples?: unknown, rate_hz?: unknown}} */ (audio ?? {});
  if (samples instanceof Float32Array && typeof rateHz === 'number') return engine.ask({ type: 'samples', samples, rateHz, speaker });
  throw new EngineError('no-audio', 'This is no sound: give a Blob, an ArrayBuffer, or {samples, rate_hz} with mono samples.');
}
