// The browser's own decoder, for containers that ours does not know. Its resampling differs from machine to machine,
// so a reading made this way says so.

/** Formats that are worth a second try. */
const UNKNOWN = ['unknown-format', 'unsupported-codec'];

/** Whether a refusal may be healed by the browser's decoder.
 * @param {string} code */
export const mayDecode = (code) => UNKNOWN.includes(code);

/** The samples of each channel.
 * @param {Blob} file @returns {Promise<{channels: Float32Array[], rateHz: number} | undefined>} */
export async function decodeInBrowser(file) {
  const rateHz = 48_000;
  try {
    const context = new OfflineAudioContext(1, 1, rateHz);
    const decoded = await context.decodeAudioData(await file.arrayBuffer());
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, channel) => decoded.getChannelData(channel));
    return { channels, rateHz };
  } catch {
    return undefined;
  }
}
