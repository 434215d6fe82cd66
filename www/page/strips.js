// Long audio as a strip for each emotion below one for loudness, all over the same stretch of time.

import { t } from './text.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {{fromS: number, lengthS: number}} View The stretch of time that is shown. */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Makes the rows once, so that nothing moves as moments come.
 * @param {(share: number) => void} seek Told where somebody pointed, as a share of what is shown. */
export function layOutStrips(seek) {
  byId('strips').replaceChildren(...['loudness', ...EMOTIONS].map((name) => {
    const row = document.createElement('li');
    const label = document.createElement('span');
    label.textContent = NAMES[name] ?? t('loudness');
    const strip = document.createElement('canvas');
    strip.width = 1024;
    strip.height = 32;
    const value = document.createElement('span');
    value.className = 'value';
    value.textContent = name === 'loudness' ? '' : '–';
    row.append(label, strip, value);
    strip.addEventListener('click', ({ offsetX }) => seek(offsetX / strip.clientWidth));
    return row;
  }));
}

/** @param {Moment[]} moments With holes where none is read yet.
 * @param {(moment: Moment) => [number, number]} place Seconds that stand for a moment, from and to.
 * @param {View} view @param {Moment | undefined} chosen */
export function drawStrips(moments, place, view, chosen) {
  const [soft, accent, line, ink] = ['--soft', '--accent', '--line', '--ink'].map((name) => colourOf(name));
  const shown = moments.filter((moment) => {
    const [from, to] = moment ? place(moment) : [0, 0];
    return moment && to > view.fromS && from < view.fromS + view.lengthS;
  });
  ['loudness', ...EMOTIONS].forEach((name, row) => {
    const { canvas, context } = cleared(row);
    const { width, height } = canvas;
    const across = (/** @type {number} */ seconds) => ((seconds - view.fromS) / view.lengthS) * width;
    for (const moment of shown) {
      const [from, to] = place(moment).map(across);
      if (moment === chosen) {
        // A mark above and below, not a colour alone.
        context.fillStyle = ink;
        context.fillRect(from, 0, Math.max(2, to - from), 2);
        context.fillRect(from, height - 2, Math.max(2, to - from), 2);
      }
      if (name === 'loudness') {
        context.fillStyle = soft;
        // No narrower than a pixel: hours have more peaks than there are pixels.
        const bars = Math.max(1, Math.min(moment.peaks.length, Math.round(to - from)));
        const each = moment.peaks.length / bars;
        for (let bar = 0; bar < bars; bar += 1) {
          const peak = Math.max(...moment.peaks.subarray(Math.floor(bar * each), Math.floor((bar + 1) * each)));
          const high = Math.max(1, Math.sqrt(peak) * height);
          context.fillRect(from + (bar * (to - from)) / bars, (height - high) / 2, (to - from) / bars, high);
        }
      } else {
        const share = moment.report?.probabilities[name] ?? 0;
        context.fillStyle = moment.report?.label === name ? accent : moment.report ? soft : line;
        const high = Math.max(1, share * height);
        context.fillRect(from, height - high, Math.max(1, to - from), high);
      }
    }
    if (name !== 'loudness') tellMean(row, name, shown);
  });
}

/** The mean of what is shown. @param {number} row @param {string} emotion @param {Moment[]} shown */
function tellMean(row, emotion, shown) {
  const shares = shown.flatMap(({ report }) => (report ? [report.probabilities[emotion]] : []));
  byId('strips').children[row].querySelector('.value').textContent =
    shares.length ? percent(shares.reduce((sum, share) => sum + share, 0) / shares.length) : '–';
}

/** @param {number} row @returns {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D}} */
function cleared(row) {
  const canvas = byId('strips').children[row].querySelector('canvas');
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, canvas.width, canvas.height);
  return { canvas, context };
}

/** A colour of the page as the canvas takes it. @param {string} name */
function colourOf(name) {
  const probe = byId('moment-text');
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.style.color = '';
  return color;
}
