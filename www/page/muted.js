// Detects a muted microphone: its signal is silent, or only the hiss of its own circuit.
//
// The noise of a room is never that even. It is mostly low (air, streets, people), so that its level changes by several decibels
// from one fiftieth of a second to the next, however quiet it is; that of hiss changes by less than one. A pause before speaking
// is therefore not mistaken for a muted microphone, and the first sound ends the warning.

/** Seconds without sound after which a microphone counts as muted: at the start, and after sound, since people pause and some
 * microphones are silent between words. */
const AT_FIRST_S = 1.5;
const LATER_S = 5;
/** Sound shorter than this is the click of a microphone that starts. */
const CLICK_S = 0.2;
/** Digital silence: no sample is further from the mean than three steps of 16-bit audio. */
const SILENCE = 1e-4;
/** Hiss: below −65 dBFS (root mean square), and no chunk more than 3 dB above the median. */
const HISS = 10 ** (-65 / 20);
const PROMINENT = 10 ** (3 / 20);

/** Follows the signal of a microphone, chunk by chunk. */
export class MuteDetector {
  #rateHz;
  /** @type {{peak: number, rms: number}[]} */ #recent = [];
  /** Length of sound so far. */
  #soundS = 0;

  /** @param {number} rateHz */
  constructor(rateHz) {
    this.#rateHz = rateHz;
  }

  /** Takes the next chunk; all have the same length.
   * @param {Float32Array} chunk @returns {boolean} Whether the microphone is muted. */
  update(chunk) {
    const seconds = chunk.length / this.#rateHz;
    const level = measure(chunk);
    if (!isSilent(level) && level.rms >= HISS) this.#soundS += seconds;
    this.#recent.push(level);
    if (this.#recent.length > LATER_S / seconds) this.#recent.shift();
    const needed = Math.floor((this.#soundS < CLICK_S ? AT_FIRST_S : LATER_S) / seconds);
    return this.#recent.length >= needed && isMuted(this.#recent.slice(-needed));
  }
}

/** Level around the mean: some circuits add an offset to all samples. @param {Float32Array} chunk */
function measure(chunk) {
  let sum = 0;
  for (const sample of chunk) sum += sample;
  const mean = sum / chunk.length;
  let peak = 0;
  let squares = 0;
  for (const sample of chunk) {
    peak = Math.max(peak, Math.abs(sample - mean));
    squares += (sample - mean) ** 2;
  }
  return { peak, rms: Math.sqrt(squares / chunk.length) };
}

/** @param {{peak: number}} level */
const isSilent = ({ peak }) => peak < SILENCE;

/** @param {{peak: number, rms: number}[]} levels */
function isMuted(levels) {
  if (levels.every(isSilent)) return true;
  const sorted = levels.map(({ rms }) => rms).sort((a, b) => a - b);
  const loudest = sorted[sorted.length - 1];
  return loudest < HISS && loudest < PROMINENT * sorted[Math.floor(sorted.length / 2)];
}
