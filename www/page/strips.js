// Long audio as a trace, and as strips: each emotion over the same span of time.

import { colourOf, strengthOf } from './colours.js';
import { below, byId } from './dom.js';
import { emblem } from './emblems.js';
import { drawTrace } from './trace-picture.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {{fromS: number, lengthS: number}} View The span of time that is shown. */

/** Makes the rows in advance, so that nothing moves as moments arrive.
 * @param {(share: number) => void} seek Called with the clicked position, as a share of the view. */
export function layOutStrips(seek) {
  const seekOn = (/** @type {HTMLCanvasElement} */ canvas) => {
    canvas.onclick = ({ offsetX }) => seek(offsetX / canvas.clientWidth);
  };
  seekOn(byId('long-trace'));
  byId('strips').replaceChildren(below(byId('strips'), '.whole'), ...EMOTIONS.map((emotion) => {
    const row = document.createElement('li');
    row.dataset.emotion = emotion;
    const label = document.createElement('span');
    label.textContent = NAMES[emotion];
    const strip = document.createElement('canvas');
    strip.width = 1024;
    strip.height = 32;
    const value = document.createElement('span');
    value.className = 'value';
    value.textContent = '–';
    row.append(emblem(emotion), label, strip, value);
    seekOn(strip);
    return row;
  }));
}

/** @param {Moment[]} moments With holes where none is analyzed yet.
 * @param {(moment: Moment) => [number, number]} spanOf The seconds drawn for a moment, from and to.
 * @param {View} view @param {Moment | undefined} chosen */
export function drawStrips(moments, spanOf, view, chosen) {
  const shown = moments.filter((moment) => {
    const [from, to] = moment ? spanOf(moment) : [0, 0];
    return moment && to > view.fromS && from < view.fromS + view.lengthS;
  });
  drawWhole(shown, spanOf, view, chosen);
  const ink = colourOf('--ink');
  for (const emotion of EMOTIONS) {
    const { canvas, context } = cleared(emotion);
    const { width, height } = canvas;
    const across = (/** @type {number} */ seconds) => ((seconds - view.fromS) / view.lengthS) * width;
    const colour = colourOf(`--${emotion}`);
    for (const moment of shown) {
      const [from, to] = spanOf(moment).map(across);
      if (moment === chosen) {
        // Marked above and below: the mark must not rely on colour alone.
        context.globalAlpha = 1;
        context.fillStyle = ink;
        context.fillRect(from, 0, Math.max(2, to - from), 2);
        context.fillRect(from, height - 2, Math.max(2, to - from), 2);
      }
      if (!moment.report) continue;
      context.fillStyle = colour;
      context.globalAlpha = moment.report.label === emotion ? strengthOf(moment.report.certainty) : strengthOf('unsure');
      const high = Math.max(1, moment.report.probabilities[emotion] * height);
      context.fillRect(from, height - high, Math.max(1, to - from), high);
    }
    showMean(emotion, shown);
  }
}

/** The trace of all that is shown. @param {Moment[]} shown @param {(moment: Moment) => [number, number]} spanOf
 * @param {View} view @param {Moment | undefined} chosen */
function drawWhole(shown, spanOf, view, chosen) {
  const spans = shown.map((moment) => ({ moment, from: spanOf(moment)[0], to: spanOf(moment)[1] }));
  /** Strokes come from left to right: the search goes on where the last one ended. */
  let place = 0;
  const at = (/** @type {number} */ seconds) => {
    while (place > 0 && spans[place].from > seconds) place -= 1;
    while (place < spans.length - 1 && spans[place].to <= seconds) place += 1;
    const span = spans[place];
    return span && seconds >= span.from && seconds < span.to ? span : undefined;
  };
  const peak = (/** @type {number} */ fromS, /** @type {number} */ toS) => {
    const span = at((fromS + toS) / 2);
    if (!span) return 0;
    const { peaks } = span.moment;
    const share = (/** @type {number} */ seconds) => ((seconds - span.from) / (span.to - span.from)) * peaks.length;
    const first = Math.max(0, Math.floor(share(fromS)));
    return Math.max(0, ...peaks.subarray(first, Math.max(first + 1, Math.ceil(share(toS)))));
  };
  drawTrace(byId('long-trace'), { ...view, peak, reportAt: (seconds) => at(seconds)?.moment.report, marked: chosen && spanOf(chosen) });
}

/** The row of an emotion. @param {string} emotion */
const rowOf = (emotion) => below(byId('strips'), `[data-emotion="${emotion}"]`);

/** The mean over the view. @param {import('../engine/types.d.ts').Emotion} emotion @param {Moment[]} shown */
function showMean(emotion, shown) {
  const shares = shown.flatMap(({ report }) => (report ? [report.probabilities[emotion]] : []));
  below(rowOf(emotion), '.value').textContent =
    shares.length ? percent(shares.reduce((sum, share) => sum + share, 0) / shares.length) : '–';
}

/** @param {string} emotion @returns {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D}} */
function cleared(emotion) {
  const canvas = /** @type {HTMLCanvasElement} */ (below(rowOf(emotion), 'canvas'));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.clearRect(0, 0, canvas.width, canvas.height);
  return { canvas, context };
}
