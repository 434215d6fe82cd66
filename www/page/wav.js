// Mono samples as a WAV file, so that a person can play and keep the model's input.

/** @param {Float32Array} samples @param {number} rateHz @returns {Blob} */
export function encodeWav(samples, rateHz) {
  const header = new DataView(new ArrayBuffer(58));
  const bytes = samples.byteLength;
  let at = 0;
  /** @param {string} text */
  const text = (text) => { for (const letter of text) header.setUint8(at++, letter.charCodeAt(0)); };
  /** @param {number} value */
  const u32 = (value) => { header.setUint32(at, value, true); at += 4; };
  /** @param {number} value */
  const u16 = (value) => { header.setUint16(at, value, true); at += 2; };
  text('RIFF'); u32(50 + bytes); text('WAVE');
  // Format 3: 32-bit float, so that nothing is rounded; it wants an extension size and a fact chunk.
  text('fmt '); u32(18); u16(3); u16(1); u32(rateHz); u32(4 * rateHz); u16(4); u16(32); u16(0);
  text('fact'); u32(4); u32(samples.length);
  text('data'); u32(bytes);
  return new Blob([header, new Float32Array(samples)], { type: 'audio/wav' });
}
