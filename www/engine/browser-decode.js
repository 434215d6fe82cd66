// The browser's own decoder, for what ours cannot read. Its resampling differs from machine to machine,
// so a reading made this way says so.

/** Refusals that are worth a second try: not those of files that are empty, too large, or known to be no sound. */
const UNREAD = ['unknown-format', 'unsupported-codec', 'no-audio-track', 'corrupt', 'no-samples', 'too-many-channels',
  'unsupported-rate', 'amr', 'nist-sphere', 'windows-media'];

/** Whether a refusal may be healed by the browser's decoder.
 * @param {string} code */
export const mayDecode = (code) => UNREAD.includes(code);

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
