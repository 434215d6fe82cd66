// The browser's own decoder, for files that ours cannot decode. Its resampling differs between machines, so readings made this
// way say so.

/** Error codes worth a second try: not those of files that are empty, too large, or known to be no audio. */
const RETRIED = ['unknown-format', 'unsupported-codec', 'no-audio-track', 'corrupt', 'no-samples', 'too-many-channels',
  'unsupported-rate', 'amr', 'nist-sphere', 'windows-media'];

/** Whether the browser's decoder may succeed after this error.
 * @param {string} code */
export const mayDecode = (code) => RETRIED.includes(code);

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
