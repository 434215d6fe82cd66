// Whether a microphone is muted: it gives nothing, or nothing but the hiss of its own circuit.
//
// A room is never that even. What it lets in (air, streets, people) is mostly low, so that it swells and fades from one
// fiftieth of a second to the next by several decibels, however quiet it is; hiss stays within one. Somebody who has not begun to
// speak is therefore not taken for a muted microphone, and the first sound takes the warning back.

/** So long nothing must have come, in seconds: at first, and once sound has come, since people pause and some microphones are
 * silent between words. */
const AT_FIRST_S = 1.5;
const LATER_S = 5;
/** Sound that has come for less than this is the click of a microphone that starts. */
const CLICK_S = 0.2;
/** Digital silence: no sample is further from the mean than three steps of 16 bits. */
const SILENCE = 1e-4;
/** Hiss: below −65 dBFS (root mean square), and no piece more than 3 dB above the middle one. */
const HISS = 10 ** (-65 / 20);
const STANDS_OUT = 10 ** (3 / 20);

/** Is given what a microphone gives, piece by piece. */
export class MuteWatch {
  #rateHz;
  /** @type {{peak: number, rms: number}[]} */ #recent = [];
  /** Of sound, so far. */
  #seconds = 0;

  /** @param {number} rateHz */
  constructor(rateHz) {
    this.#rateHz = rateHz;
  }

  /** Hears the next piece; all are of one length.
   * @param {Float32Array} piece @returns {boolean} Whether the microphone is muted. */
  hears(piece) {
    const seconds = piece.length / this.#rateHz;
    const measured = measure(piece);
    if (!isSilent(measured) && measured.rms >= HISS) this.#seconds += seconds;
    this.#recent.push(measured);
    if (this.#recent.length > LATER_S / seconds) this.#recent.shift();
    const needed = Math.floor((this.#seconds < CLICK_S ? AT_FIRST_S : LATER_S) / seconds);
    return this.#recent.length >= needed && areMuted(this.#recent.slice(-needed));
  }
}

/** Around the mean: some circuits shift all samples alike. @param {Float32Array} piece */
function measure(piece) {
  let sum = 0;
  for (const sample of piece) sum += sample;
  const mean = sum / piece.length;
  let peak = 0;
  let squares = 0;
  for (const sample of piece) {
    peak = Math.max(peak, Math.abs(sample - mean));
    squares += (sample - mean) ** 2;
  }
  return { peak, rms: Math.sqrt(squares / piece.length) };
}

/** @param {{peak: number}} piece */
const isSilent = ({ peak }) => peak < SILENCE;

/** @param {{peak: number, rms: number}[]} pieces */
function areMuted(pieces) {
  if (pieces.every(isSilent)) return true;
  const levels = pieces.map(({ rms }) => rms).sort((a, b) => a - b);
  const loudest = levels[levels.length - 1];
  return loudest < HISS && loudest < STANDS_OUT * levels[Math.floor(levels.length / 2)];
}
