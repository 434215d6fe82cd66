// Spectrogram, heat maps and bars on canvas, and clips in words.

import { decimal, t } from './text.js';

/** @typedef {import('../engine/types.d.ts').Picture} Picture */

const RATE_HZ = 16_000;

/** @param {HTMLCanvasElement} canvas */
function context(canvas) {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no canvas');
  return context;
}

/** Red, green and blue of full heat. */
const HEAT = [255, 72, 0];
const HEAT_COLOUR = `rgb(${HEAT})`;

/** Stops of the "magma" colour map, whose lightness rises steadily, so that it works without colour. */
const COLOURS = [[0, 0, 4], [40, 17, 89], [114, 31, 129], [183, 55, 121], [241, 96, 93], [254, 175, 119], [252, 253, 191]];

/** @param {number} share 0 to 1 */
function colour(share) {
  const at = Math.min(0.9999, Math.max(0, share)) * (COLOURS.length - 1);
  const low = COLOURS[Math.floor(at)];
  const high = COLOURS[Math.floor(at) + 1];
  return low.map((value, i) => value + (high[i] - value) * (at % 1));
}

/** One pixel for each value, the lowest row at the bottom.
 * @param {HTMLCanvasElement} canvas @param {number} rows @param {number} columns
 * @param {(row: number, column: number) => number[]} colourAt Red, green and blue, 0 to 255. */
function drawPixels(canvas, rows, columns, colourAt) {
  canvas.width = columns;
  canvas.height = rows;
  const draw = context(canvas);
  const image = draw.createImageData(columns, rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      image.data.set([...colourAt(row, column), 255], 4 * ((rows - 1 - row) * columns + column));
    }
  }
  draw.putImageData(image, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values Decibels, row by row, lowest first. @param {number} rows */
export function drawSpectrogram(canvas, values, rows) {
  const columns = values.length / rows;
  let top = -Infinity;
  for (const value of values) top = Math.max(top, value);
  drawPixels(canvas, rows, columns, (row, column) => colour(1 + (values[row * columns + column] - top) / 80));
}

/** @param {HTMLCanvasElement} canvas @param {Picture} picture Of values from 0 up. @param {(share: number) => number} [scale] Of 0 to 1. */
export function drawMap(canvas, { values, rows }, scale = (share) => share) {
  const columns = values.length / rows;
  let top = 1e-9;
  for (const value of values) top = Math.max(top, value);
  drawPixels(canvas, rows, columns, (row, column) => colour(scale(values[row * columns + column] / top)));
}

/** A picture in grey with heat on top.
 * @param {HTMLCanvasElement} canvas @param {Picture} picture @param {Picture} heat 0 to 1; a single row or column applies to all.
 * @param {number} opacity 0 to 1 */
export function drawHeat(canvas, { values, rows }, heat, opacity) {
  const columns = values.length / rows;
  const heatColumns = heat.values.length / heat.rows;
  // Outliers must not flatten the contrast of the rest.
  const sorted = Float32Array.from(values).sort();
  const [low, high] = [0.02, 0.98].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  drawPixels(canvas, rows, columns, (row, column) => {
    const share = Math.min(1, Math.max(0, (values[row * columns + column] - low) / Math.max(1e-9, high - low)));
    const [heatRow, heatColumn] = [Math.floor((row * heat.rows) / rows), Math.floor((column * heatColumns) / columns)];
    const hot = opacity * heat.values[heatRow * heatColumns + heatColumn];
    return HEAT.map((value) => (20 + 200 * share) * (1 - hot) + value * hot);
  });
}

/** Bars from the lowest value up, or from 0 both ways.
 * @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} values @param {boolean} [bothWays]
 * @param {number} [selected] The one to mark. */
export function drawBars(canvas, values, bothWays = false, selected) {
  const { width, height } = canvas;
  const draw = context(canvas);
  const all = Array.from(values);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const largest = Math.max(Math.abs(low), Math.abs(high), 1e-9);
  const from = bothWays ? 0 : Math.min(0, low);
  const range = bothWays ? 2 * largest : Math.max(1e-9, high - from);
  const floor = bothWays ? height / 2 : height;
  const wide = width / all.length;
  draw.clearRect(0, 0, width, height);
  draw.fillStyle = getComputedStyle(canvas).color;
  all.forEach((value, i) => {
    const high = ((value - from) / range) * height;
    draw.fillRect(i * wide, floor - Math.max(high, 0), Math.max(1, wide - 0.5), Math.max(1, Math.abs(high)));
  });
  if (selected === undefined) return;
  draw.fillStyle = HEAT_COLOUR;
  draw.fillRect((selected + 0.5) * wide - 1, 0, 3, height);
}

/** @param {Float32Array} samples @param {number} lengthS Without padding. */
export function describeWaveform(samples, lengthS) {
  let peak = 0;
  let at = 0;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) > peak) [peak, at] = [Math.abs(sample), i];
  });
  if (peak < 1e-4) return t('Silence throughout.');
  const threshold = peak / 10;
  const first = samples.findIndex((sample) => Math.abs(sample) > threshold) / RATE_HZ;
  const last = samples.findLastIndex((sample) => Math.abs(sample) > threshold) / RATE_HZ;
  const rest = lengthS < 3.95 ? ` ${t('The recording ends at {end} s; silence follows.', { end: decimal(lengthS, 1) })}` : '';
  return t('Sound from {first} to {last} s, loudest at {at} s.',
    { first: decimal(first, 1), last: decimal(last, 1), at: decimal(at / RATE_HZ, 1) }) + rest;
}

/** @param {Float32Array} values @param {number} rows */
export function describeSpectrogram(values, rows) {
  const columns = values.length / rows;
  const thirds = [0, 0, 0];
  values.forEach((value, i) => {
    thirds[Math.floor((3 * Math.floor(i / columns)) / rows)] += 10 ** (value / 10);
  });
  const total = thirds.reduce((sum, energy) => sum + energy, 0);
  if (total < 1e-6) return t('No pitch stands out.');
  const strongest = thirds.indexOf(Math.max(...thirds));
  const share = Math.round((100 * thirds[strongest]) / total);
  return [
    t('{share} percent of the energy lies in the low third of the pitches.', { share }),
    t('{share} percent of the energy lies in the middle third of the pitches.', { share }),
    t('{share} percent of the energy lies in the high third of the pitches.', { share }),
  ][strongest];
}
