// Long audio as strips: loudness, then each emotion, over the same span of time.

import { below, byId } from './dom.js';
import { t } from './text.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {{fromS: number, lengthS: number}} View The span of time that is shown. */

/** Makes the rows in advance, so that nothing moves as moments arrive.
 * @param {(share: number) => void} seek Called with the clicked position, as a share of the view. */
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

/** @param {Moment[]} moments With holes where none is analyzed yet.
 * @param {(moment: Moment) => [number, number]} spanOf The seconds drawn for a moment, from and to.
 * @param {View} view @param {Moment | undefined} chosen */
export function drawStrips(moments, spanOf, view, chosen) {
  const [soft, accent, line, ink] = ['--soft', '--accent', '--line', '--ink'].map((name) => colourOf(name));
  const shown = moments.filter((moment) => {
    const [from, to] = moment ? spanOf(moment) : [0, 0];
    return moment && to > view.fromS && from < view.fromS + view.lengthS;
  });
  /** @type {const} */ (['loudness', ...EMOTIONS]).forEach((name, row) => {
    const { canvas, context } = cleared(row);
    const { width, height } = canvas;
    const across = (/** @type {number} */ seconds) => ((seconds - view.fromS) / view.lengthS) * width;
    for (const moment of shown) {
      const [from, to] = spanOf(moment).map(across);
      if (moment === chosen) {
        // Marked above and below: the mark must not rely on colour alone.
        context.fillStyle = ink;
        context.fillRect(from, 0, Math.max(2, to - from), 2);
        context.fillRect(from, height - 2, Math.max(2, to - from), 2);
      }
      if (name === 'loudness') {
        context.fillStyle = soft;
        // At most one bar per pixel: hours have more peaks than that.
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
    if (name !== 'loudness') showMean(row, name, shown);
  });
}

/** The mean over the view. @param {number} row @param {import('../engine/types.d.ts').Emotion} emotion @param {Moment[]} shown */
function showMean(row, emotion, shown) {
  const shares = shown.flatMap(({ report }) => (report ? [report.probabilities[emotion]] : []));
  below(byId('strips').children[row], '.value').textContent =
    shares.length ? percent(shares.reduce((sum, share) => sum + share, 0) / shares.length) : '–';
}

/** @param {number} row @returns {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D}} */
function cleared(row) {
  const canvas = /** @type {HTMLCanvasElement} */ (below(byId('strips').children[row], 'canvas'));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.clearRect(0, 0, canvas.width, canvas.height);
  return { canvas, context };
}

/** A colour of the style sheet, resolved for canvas. @param {string} name */
function colourOf(name) {
  const probe = byId('moment-text');
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.style.color = '';
  return color;
}
