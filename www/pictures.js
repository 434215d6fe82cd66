// Waveform and spectrogram on canvas, each with a sentence that says the same.

const RATE_HZ = 16_000;

/** @param {HTMLCanvasElement} canvas */
function context(canvas) {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no canvas');
  return context;
}

/** Draws the peaks of `samples`; what lies after `heardS` seconds is padding and stays flat.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} samples */
export function drawWaveform(canvas, samples) {
  const { width, height } = canvas;
  const draw = context(canvas);
  draw.clearRect(0, 0, width, height);
  draw.fillStyle = getComputedStyle(canvas).color;
  const perColumn = samples.length / width;
  for (let x = 0; x < width; x += 1) {
    let peak = 0;
    for (let i = Math.floor(x * perColumn); i < (x + 1) * perColumn; i += 1) {
      peak = Math.max(peak, Math.abs(samples[i]));
    }
    const bar = Math.max(1, Math.sqrt(peak) * height);
    draw.fillRect(x, (height - bar) / 2, 1, bar);
  }
}

/** Dark to bright with rising lightness, so that it reads without colour: stops of the "magma" map. */
const COLOURS = [[0, 0, 4], [40, 17, 89], [114, 31, 129], [183, 55, 121], [241, 96, 93], [254, 175, 119], [252, 253, 191]];

/** @param {number} share 0 to 1 */
function colour(share) {
  const at = Math.min(0.9999, Math.max(0, share)) * (COLOURS.length - 1);
  const low = COLOURS[Math.floor(at)];
  const high = COLOURS[Math.floor(at) + 1];
  return low.map((value, i) => value + (high[i] - value) * (at % 1));
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values Decibels, row by row, lowest first. @param {number} rows */
export function drawPicture(canvas, values, rows) {
  const columns = values.length / rows;
  canvas.width = columns;
  canvas.height = rows;
  let top = -Infinity;
  for (const value of values) top = Math.max(top, value);
  const draw = context(canvas);
  const image = draw.createImageData(columns, rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const share = 1 + (values[row * columns + column] - top) / 80;
      const pixel = 4 * ((rows - 1 - row) * columns + column);
      image.data.set([...colour(share), 255], pixel);
    }
  }
  draw.putImageData(image, 0, 0);
}

/** @param {Float32Array} samples @param {number} heardS */
export function waveformInWords(samples, heardS) {
  let peak = 0;
  let at = 0;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) > peak) [peak, at] = [Math.abs(sample), i];
  });
  if (peak < 1e-4) return 'Silence throughout.';
  const threshold = peak / 10;
  const first = samples.findIndex((sample) => Math.abs(sample) > threshold) / RATE_HZ;
  const last = samples.findLastIndex((sample) => Math.abs(sample) > threshold) / RATE_HZ;
  const rest = heardS < 3.95 ? ` The recording ends at ${heardS.toFixed(1)} s; silence follows.` : '';
  return `Sound from ${first.toFixed(1)} to ${last.toFixed(1)} s, loudest at ${(at / RATE_HZ).toFixed(1)} s.${rest}`;
}

/** @param {Float32Array} values @param {number} rows */
export function pictureInWords(values, rows) {
  const columns = values.length / rows;
  const thirds = [0, 0, 0];
  values.forEach((value, i) => {
    thirds[Math.floor((3 * Math.floor(i / columns)) / rows)] += 10 ** (value / 10);
  });
  const total = thirds.reduce((sum, energy) => sum + energy, 0);
  if (total < 1e-6) return 'No pitch stands out.';
  const names = ['low', 'middle', 'high'];
  const strongest = thirds.indexOf(Math.max(...thirds));
  const share = Math.round((100 * thirds[strongest]) / total);
  return `${share} percent of the energy lies in the ${names[strongest]} third of the pitches.`;
}
