// The trace of a voice on canvas: how loud it is from left to right, coloured by what was read at each moment. Below it, each stretch
// of one emotion has that emotion's shape. What is hard to tell is faint and thin.

import { colourOf, strengthOf } from './colours.js';
import { drawEmblem } from './emblems.js';
import { EMOTIONS } from './words.js';

/** @typedef {import('../engine/types.d.ts').Report} Report */
/**
 * @typedef {object} Trace
 * @property {number} fromS
 * @property {number} lengthS
 * @property {(fromS: number, toS: number) => number} peak The peak between two times, 0 to 1.
 * @property {(seconds: number) => Report | undefined} reportAt What was read at a time; none without speech, or not yet.
 * @property {[number, number]} [marked] A span to mark, in seconds.
 */

/** From one stroke to the next, in pixels of the style sheet. */
const PITCH = 5;
const STROKE = 3;
/** Height below the strokes for the shapes. */
const MARGIN = 26;
const EMBLEM = 13;
/** Stretches that are narrower than this have no shape. */
const MIN_STRETCH = 18;

/** The canvas in the size that it has on the screen; nothing while it is hidden.
 * @param {HTMLCanvasElement} canvas */
export function fitted(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return undefined;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(devicePixelRatio, devicePixelRatio);
  return { context, width, height };
}

/** @param {HTMLCanvasElement} canvas @param {Trace} trace */
export function drawTrace(canvas, { fromS, lengthS, peak, reportAt, marked }) {
  const fit = fitted(canvas);
  if (!fit) return;
  const { context, width, height } = fit;
  const colours = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, colourOf(`--${emotion}`)]));
  const quiet = colourOf('--edge');
  const room = height - MARGIN;
  if (marked) mark(context, marked.map((seconds) => ((seconds - fromS) / lengthS) * width), height);
  const count = Math.max(1, Math.floor(width / PITCH));
  const offset = (width - count * PITCH) / 2;
  context.lineCap = 'round';
  /** @type {{report: Report | undefined, from: number, to: number}[]} */ const stretches = [];
  for (let i = 0; i < count; i += 1) {
    const [start, end] = [i, i + 1].map((place) => fromS + (place / count) * lengthS);
    const report = reportAt((start + end) / 2);
    const x = offset + (i + 0.5) * PITCH;
    const strength = report ? strengthOf(report.certainty) : 0.55;
    // Loudness is perceived in ratios: a softer voice is drawn higher than it is.
    const high = Math.max(0.5, Math.sqrt(peak(start, end)) * (room - STROKE));
    context.globalAlpha = strength;
    context.strokeStyle = report ? colours[report.label] : quiet;
    context.lineWidth = report ? Math.max(1.5, STROKE * strength) : 1.5;
    context.beginPath();
    context.moveTo(x, (room - high) / 2 + STROKE / 2);
    context.lineTo(x, (room + high) / 2 + STROKE / 2);
    context.stroke();
    const last = stretches.at(-1);
    if (last && last.report?.label === report?.label && last.report?.certainty === report?.certainty) last.to = x;
    else stretches.push({ report, from: x, to: x });
  }
  for (const stretch of stretches) drawStretch(context, stretch, height - MARGIN / 2 + 3, colours);
}

/** A line below a stretch, interrupted by the shape of its emotion; where that is hard to tell, dots alone.
 * @param {CanvasRenderingContext2D} context @param {{report: Report | undefined, from: number, to: number}} stretch
 * @param {number} y @param {Record<string, string>} colours */
function drawStretch(context, { report, from, to }, y, colours) {
  if (!report) return;
  const isClear = report.certainty === 'likely' || report.certainty === 'leaning';
  context.globalAlpha = isClear ? 1 : 0.8;
  context.strokeStyle = colours[report.label];
  context.fillStyle = colours[report.label];
  context.lineWidth = 1.5;
  context.setLineDash(isClear ? [] : [0.1, PITCH]);
  const hasEmblem = isClear && to - from >= MIN_STRETCH;
  const middle = (from + to) / 2;
  const gap = hasEmblem ? EMBLEM * 0.8 : 0;
  for (const [start, end] of hasEmblem ? [[from, middle - gap], [middle + gap, to]] : [[from, to]]) {
    if (end < start) continue;
    context.beginPath();
    context.moveTo(start, y);
    context.lineTo(end, y);
    context.stroke();
  }
  context.setLineDash([]);
  if (hasEmblem) drawEmblem(context, report.label, { x: middle, y, size: EMBLEM, isFilled: report.certainty === 'likely' });
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {number[]} span @param {number} height */
function mark(context, [from, to], height) {
  context.fillStyle = colourOf('--accent');
  context.globalAlpha = 0.14;
  context.fillRect(from, 0, to - from, height);
  context.globalAlpha = 1;
  // Edges: the mark must not rely on colour alone.
  context.fillRect(from, 0, 2, height);
  context.fillRect(to - 2, 0, 2, height);
}
