// Long audio as a trace, and as strips: each emotion over the same span of time.

import { colourOf, strengthOf } from './colours.js';
import { below, byId } from './dom.js';
import { emblem } from './emblems.js';
import { drawTrace } from './trace-picture.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** A moment with the seconds that it is drawn over, and those of its peaks.
 * @typedef {Moment & {span: [number, number], peaksSpan: [number, number]}} Drawn */
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

/** @param {Drawn[]} drawn In order. @param {View} view @param {Drawn | undefined} chosen */
export function drawStrips(drawn, view, chosen) {
  const isInView = (/** @type {[number, number]} */ [from, to]) => to > view.fromS && from < view.fromS + view.lengthS;
  const shown = drawn.filter(({ span }) => isInView(span));
  const heard = drawn.filter(({ peaksSpan }) => isInView(peaksSpan));
  drawTrace(byId('long-trace'), { ...view, ...traceOf(shown, heard), marked: chosen?.span });
  const ink = colourOf('--ink');
  for (const emotion of EMOTIONS) {
    const { canvas, context } = cleared(emotion);
    const { width, height } = canvas;
    const across = (/** @type {number} */ seconds) => ((seconds - view.fromS) / view.lengthS) * width;
    const colour = colourOf(`--${emotion}`);
    for (const moment of shown) {
      const [from, to] = moment.span.map(across);
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

/** @param {Drawn[]} shown Whose reports are in view. @param {Drawn[]} heard Whose peaks are. */
function traceOf(shown, heard) {
  const reportedAt = finder(shown, ({ span }) => span);
  const heardAt = finder(heard, ({ peaksSpan }) => peaksSpan);
  const peak = (/** @type {number} */ fromS, /** @type {number} */ toS) => {
    const at = heardAt((fromS + toS) / 2);
    if (!at) return 0;
    const { peaks, peaksSpan: [from, to] } = at;
    const share = (/** @type {number} */ seconds) => ((seconds - from) / (to - from)) * peaks.length;
    const first = Math.max(0, Math.floor(share(fromS)));
    return Math.max(0, ...peaks.subarray(first, Math.max(first + 1, Math.ceil(share(toS)))));
  };
  return { peak, reportAt: (/** @type {number} */ seconds) => reportedAt(seconds)?.report };
}

/** Finds the moment at a time. Strokes come from left to right: the search goes on where the last one ended.
 * @param {Drawn[]} moments @param {(moment: Drawn) => [number, number]} spanOf @returns {(seconds: number) => Drawn | undefined} */
function finder(moments, spanOf) {
  const spans = moments.map(spanOf);
  let place = 0;
  return (seconds) => {
    while (place > 0 && spans[place][0] > seconds) place -= 1;
    while (place < spans.length - 1 && spans[place][1] <= seconds) place += 1;
    const [from, to] = spans[place] ?? [0, 0];
    return seconds >= from && seconds < to ? moments[place] : undefined;
  };
}

/** The row of an emotion. @param {string} emotion */
const rowOf = (emotion) => below(byId('strips'), `[data-emotion="${emotion}"]`);

/** The mean over the view. @param {import('../engine/types.d.ts').Emotion} emotion @param {Drawn[]} shown */
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
