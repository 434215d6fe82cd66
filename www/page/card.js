// A reading as a picture that stands by itself: a card in the colours of the page, as SVG and as PNG.

import { colourOf } from './colours.js';
import { byId } from './dom.js';
import { OUTLINES } from './emblems.js';
import { t } from './text.js';
import { DOTS, LINE_WIDTH, layOutTrace } from './trace-picture.js';
import { EMOTIONS, NAMES, describeReading, isClear, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Emotion} Emotion */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {import('./trace-picture.js').Trace} Trace */

const SVG = 'http://www.w3.org/2000/svg';
/** The size in which links are previewed. */
const WIDTH = 1200;
const HEIGHT = 630;
const MARGIN = 64;
const TRACE = { x: MARGIN, y: 250, width: 600, height: 290 };
const BARS = { x: 720, y: 252, width: 190, pitch: 41, name: 150 };
const RIGHT = WIDTH - MARGIN;

/** @param {string} name @param {Record<string, string | number>} attributes @param {(Element | string)[]} [children] */
function element(name, attributes, children = []) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Measures texts. */
const measuring = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));

/** @param {string} text @param {string} font As in CSS. */
function widthOf(text, font) {
  measuring.font = font;
  return measuring.measureText(text).width;
}

/** A text in lines that are no wider than this. Between Chinese characters it may break, too.
 * @param {string} text @param {string} font As in CSS. @param {number} width In pixels. */
function wrapped(text, font, width) {
  /** @type {string[]} */ const lines = [];
  let line = '';
  for (const word of text.match(/\p{Script=Han}[，。；：、]?|[^\s\p{Script=Han}]+\s*|\s+/gu) ?? []) {
    if (line && widthOf((line + word).trimEnd(), font) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()].filter(Boolean);
}

/** @param {Report} report @param {Trace} trace Of its clip. @returns {SVGElement} */
export function drawCard(report, trace) {
  const { fontFamily: serif, fontStyle, fontWeight } = getComputedStyle(byId('headline'));
  const sans = getComputedStyle(document.body).fontFamily;
  const colours = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, colourOf(`--${emotion}`)]));
  const [card, ink, soft, edge, track] = ['--card', '--ink', '--soft', '--edge', '--track'].map(colourOf);
  const { headline, explained } = describeReading(report);
  const title = { 'font-family': serif, 'font-style': fontStyle, 'font-weight': fontWeight };
  const headlineWidth = widthOf(headline, `${fontStyle} ${fontWeight} 68px ${serif}`);
  const children = [
    element('title', {}, [`${headline}. ${explained}`]),
    element('rect', { width: WIDTH, height: HEIGHT, fill: card }),
    element('text', { x: MARGIN, y: 124, 'font-size': 68, fill: isClear(report) ? ink : soft, ...title }, [headline]),
    ...(isClear(report) ? [shape(report.label, { x: MARGIN + headlineWidth + 44, y: 102, size: 44, isFilled: report.certainty === 'likely' }, colours)] : []),
    ...wrapped(explained, `27px ${sans}`, RIGHT - MARGIN).slice(0, 2).map((line, index) =>
      element('text', { x: MARGIN, y: 178 + 36 * index, 'font-size': 27, fill: soft }, [line])),
    tracePicture(trace, colours, edge),
    ...EMOTIONS.map((emotion, index) => bar(emotion, report, BARS.y + index * BARS.pitch, { colours, ink, soft, track })),
    element('text', { x: MARGIN, y: HEIGHT - 34, 'font-size': 34, fill: ink, ...title, 'font-style': 'italic' }, ['sottovoce']),
    element('text', { x: RIGHT, y: HEIGHT - 36, 'font-size': 20, fill: soft, 'text-anchor': 'end' },
      [t('Learnt from actors: it does not know what anyone feels.')]),
  ];
  return element('svg', { xmlns: SVG, width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'font-family': sans }, children);
}

/** @param {Emotion} emotion @param {{x: number, y: number, size: number, isFilled: boolean}} place Its middle and size.
 * @param {Record<string, string>} colours */
function shape(emotion, { x, y, size, isFilled }, colours) {
  const colour = colours[emotion];
  return element('path', { d: OUTLINES[emotion], transform: `translate(${x - size / 2} ${y - size / 2}) scale(${size / 24})`,
    ...(isFilled ? { fill: colour } : { fill: 'none', stroke: colour, 'stroke-width': 3, 'stroke-linejoin': 'round' }) });
}

/** @param {Trace} trace @param {Record<string, string>} colours @param {string} edge */
function tracePicture(trace, colours, edge) {
  const { strokes, lines, shapes } = layOutTrace(trace, TRACE.width, TRACE.height);
  return element('g', { transform: `translate(${TRACE.x} ${TRACE.y})`, 'stroke-linecap': 'round' }, [
    ...strokes.map(({ x, top, bottom, width, emotion, opacity }) => element('line',
      { x1: x, x2: x, y1: top.toFixed(1), y2: bottom.toFixed(1), stroke: emotion ? colours[emotion] : edge, 'stroke-width': width, opacity })),
    ...lines.map(({ from, to, y, emotion, opacity, isDotted }) => element('line',
      { x1: from, x2: to, y1: y, y2: y, stroke: colours[emotion], 'stroke-width': LINE_WIDTH, opacity, ...(isDotted ? { 'stroke-dasharray': DOTS.join(' ') } : {}) })),
    ...shapes.map(({ emotion, ...place }) => shape(emotion, place, colours)),
  ]);
}

/** @param {Emotion} emotion @param {Report} report @param {number} y
 * @param {{colours: Record<string, string>, ink: string, soft: string, track: string}} style */
function bar(emotion, report, y, { colours, ink, soft, track }) {
  const share = report.probabilities[emotion];
  const isTop = emotion === report.label;
  const text = { y: y + 22, 'font-size': 22, fill: isTop ? ink : soft };
  const box = { x: BARS.x + BARS.name, y: y + 8, height: 14, rx: 7 };
  const opacity = { likely: isTop ? 1 : 0.55, leaning: isTop ? 0.8 : 0.55, unsure: 0.45, 'no-speech': 0.25 }[report.certainty];
  return element('g', {}, [
    shape(emotion, { x: BARS.x + 10, y: y + 15, size: 20, isFilled: true }, colours),
    element('text', { x: BARS.x + 34, ...text }, [NAMES[emotion]]),
    element('rect', { ...box, width: BARS.width, fill: track }),
    element('rect', { ...box, width: (BARS.width * share).toFixed(1), fill: colours[emotion], opacity }),
    element('text', { x: RIGHT, ...text, 'text-anchor': 'end', 'font-weight': isTop ? 700 : 400 }, [percent(share)]),
  ]);
}

/** @param {SVGElement} card */
export const svgText = (card) => new XMLSerializer().serializeToString(card);

/** As a picture that an image element takes; blobs are not allowed there. @param {string} svg */
export const dataUrl = (svg) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;

/** @param {string} svg @returns {Promise<Blob>} */
export async function png(svg) {
  const picture = new Image();
  picture.src = dataUrl(svg);
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).drawImage(picture, 0, 0, WIDTH, HEIGHT);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser could not make a PNG'))), 'image/png');
  });
}
