// The trace of a voice: how loud it is from left to right, coloured by what was read at each moment. Below it, each stretch
// of one emotion has that emotion's shape. What is hard to tell is faint and thin.

import { colourOf, strengthOf } from './colours.js';
import { drawEmblem } from './emblems.js';
import { EMOTIONS, isClear } from './words.js';

/** @typedef {import('../engine/types.d.ts').Emotion} Emotion */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {{report: Report | undefined, from: number, to: number}} Stretch From left to right, in pixels. */
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

/** A stroke from top to bottom; a line below a stretch. Without an emotion it has no colour.
 * @typedef {{x: number, top: number, bottom: number, width: number, emotion: Emotion | undefined, opacity: number}} Stroke
 * @typedef {{from: number, to: number, y: number, emotion: Emotion, opacity: number, isDotted: boolean}} Line
 * @typedef {{x: number, y: number, size: number, emotion: Emotion, isFilled: boolean}} Shape */

/** What a trace consists of at a size in pixels. @param {Trace} trace @param {number} width @param {number} height */
export function layOutTrace({ fromS, lengthS, peak, reportAt }, width, height) {
  const room = height - MARGIN;
  const count = Math.max(1, Math.floor(width / PITCH));
  const offset = (width - count * PITCH) / 2;
  /** @type {Stroke[]} */ const strokes = [];
  /** @type {Stretch[]} */ const stretches = [];
  for (let i = 0; i < count; i += 1) {
    const [start, end] = [i, i + 1].map((place) => fromS + (place / count) * lengthS);
    const report = reportAt((start + end) / 2);
    const x = offset + (i + 0.5) * PITCH;
    const opacity = report ? strengthOf(report.certainty) : 0.55;
    // Loudness is perceived in ratios: a softer voice is drawn higher than it is.
    const high = Math.max(0.5, Math.sqrt(peak(start, end)) * (room - STROKE));
    strokes.push({ x, top: (room - high) / 2 + STROKE / 2, bottom: (room + high) / 2 + STROKE / 2, opacity, emotion: report?.label,
      width: report ? Math.max(1.5, STROKE * opacity) : 1.5 });
    const last = stretches.at(-1);
    if (last && last.report?.label === report?.label && last.report?.certainty === report?.certainty) last.to = x;
    else stretches.push({ report, from: x, to: x });
  }
  const below = stretches.map((stretch) => layOutStretch(stretch, height - MARGIN / 2 + 3));
  return { strokes, lines: below.flatMap(({ lines }) => lines), shapes: below.flatMap(({ shapes }) => shapes) };
}

/** A line below a stretch, interrupted by the shape of its emotion; where that is hard to tell, dots alone.
 * @param {Stretch} stretch @param {number} y @returns {{lines: Line[], shapes: Shape[]}} */
function layOutStretch({ report, from, to }, y) {
  if (!report) return { lines: [], shapes: [] };
  const emotion = report.label;
  const hasEmblem = isClear(report) && to - from >= MIN_STRETCH;
  const middle = (from + to) / 2;
  const gap = hasEmblem ? EMBLEM * 0.8 : 0;
  const parts = hasEmblem ? [[from, middle - gap], [middle + gap, to]] : [[from, to]];
  return {
    lines: parts.filter(([start, end]) => end >= start)
      .map(([from, to]) => ({ from, to, y, emotion, opacity: isClear(report) ? 1 : 0.8, isDotted: !isClear(report) })),
    shapes: hasEmblem ? [{ x: middle, y, size: EMBLEM, emotion, isFilled: report.certainty === 'likely' }] : [],
  };
}

/** Of a dotted line: the length of a dot, and the distance to the next. */
export const DOTS = [0.1, PITCH];
export const LINE_WIDTH = 1.5;

/** @param {HTMLCanvasElement} canvas @param {Trace} trace */
export function drawTrace(canvas, trace) {
  const fit = fitted(canvas);
  if (!fit) return;
  const { context, width, height } = fit;
  const colours = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, colourOf(`--${emotion}`)]));
  const quiet = colourOf('--edge');
  if (trace.marked) mark(context, trace.marked.map((seconds) => ((seconds - trace.fromS) / trace.lengthS) * width), height);
  const { strokes, lines, shapes } = layOutTrace(trace, width, height);
  context.lineCap = 'round';
  for (const { x, top, bottom, width, emotion, opacity } of strokes) {
    draw(context, { colour: emotion ? colours[emotion] : quiet, opacity, width }, [x, top, x, bottom]);
  }
  for (const { from, to, y, emotion, opacity, isDotted } of lines) {
    context.setLineDash(isDotted ? DOTS : []);
    draw(context, { colour: colours[emotion], opacity, width: LINE_WIDTH }, [from, y, to, y]);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  for (const { emotion, ...place } of shapes) {
    context.strokeStyle = colours[emotion];
    context.fillStyle = colours[emotion];
    drawEmblem(context, emotion, place);
  }
}

/** @param {CanvasRenderingContext2D} context @param {{colour: string, opacity: number, width: number}} style
 * @param {[number, number, number, number]} points */
function draw(context, { colour, opacity, width }, [fromX, fromY, toX, toY]) {
  context.globalAlpha = opacity;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
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
