// The front end step by step, for learners: from a frame of the clip to its coefficients.

import { below, byId } from './dom.js';
import { drawBars, drawHeat, drawSpectrogram } from './pictures.js';
import { attempt } from './status.js';
import { decimal, t } from './text.js';
import { isShown, whenShown } from './views.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('../engine/types.d.ts').Steps} Steps */

const RATE_HZ = 16_000;
/** Window and hop lengths in samples, first those of the paper's models. */
const WINDOWS = [2048, 256, 512, 1024, 4096];
const HOPS = [297, 80, 160, 512, 1024];
const BANDS = [128, 20, 40, 64];
const COEFFICIENTS = 40;
const NO_HEAT = { values: new Float32Array(1), rows: 1 };

/**
 * @typedef {object} Step A step and how it is drawn.
 * @property {string} title
 * @property {string} description
 * @property {(steps: Steps) => ArrayLike<number>} values
 * @property {boolean} [isLine] Whether values lie on both sides of 0.
 * @property {(index: number, value: number, settings: Settings) => string} describe A value in words.
 */
/** @typedef {{window: number, hop: number, bands: number}} Settings */

/** @param {number} value */
const short = (value) => (Math.abs(value) >= 0.01 && Math.abs(value) < 10_000 ? decimal(value, 3) : value.toExponential(1));
/** @param {number} index @param {number} window */
const millisecond = (index, window) => t('{off} ms from the moment', { off: decimal((1000 * (index - window / 2)) / RATE_HZ, 1) });

/** @type {Step[]} */
const STEPS = [
  { title: t('A frame'), description: t('A short piece of the sound around the moment is cut out.'), isLine: true,
    values: ({ frame }) => frame, describe: (i, v, { window }) => `${millisecond(i, window)}: ${short(v)}` },
  { title: t('The window'), description: t('Its ends are faded, so that the cut itself makes no sound.'), isLine: true,
    values: ({ frame, window }) => frame.map((sample, i) => sample * window[i]),
    describe: (i, v, { window }) => `${millisecond(i, window)}: ${short(v)}` },
  { title: t('The spectrum'), description: t('The Fourier transform says how much of each frequency is in it (drawn in decibels).'),
    values: ({ power }) => inDecibels(power),
    describe: (i, v, { window }) => `${((i * RATE_HZ) / window).toFixed(0)} Hz: ${decimal(v, 1)} dB` },
  { title: t('Mel bands'), description: t('Frequencies are gathered in bands that are narrow where ears are fine, and wide where they are not.'),
    values: ({ energies }) => energies, describe: (i, v) => t('band {i}: {value}', { i, value: short(v) }) },
  { title: t('Decibels'), description: t('Ears compare by ratio: each band is given in decibels, down to 80 below the loudest of the clip.'),
    values: ({ decibels }) => decibels, describe: (i, v) => t('band {i}: {value}', { i, value: `${decimal(v, 1)} dB` }) },
  { title: t('Coefficients'), description: t('A cosine transform tells the shape of the bands in a few numbers, the broad first: MFCC.'), isLine: true,
    values: ({ coefficients }) => coefficients, describe: (i, v) => t('coefficient {i}: {value}', { i, value: decimal(v, 2) }) },
];

/** @param {Float32Array} power */
const inDecibels = (power) => power.map((value) => 10 * Math.log10(Math.max(value, 1e-10)));

/** @type {Reading | undefined} */ let reading;
/** @type {Steps | undefined} */ let steps;
/** The value selected in each step. @type {number[]} */
const selected = STEPS.map(() => 0);
/** Whether a request is in progress, and whether its answer will be out of date. */
let isAsking = false;
let isStale = false;

/** The chosen settings of the front end, in samples and bands. */
const chosenSettings = () => ({
  window: Number(byId('walk-window').value), hop: Number(byId('walk-hop').value), bands: Number(byId('walk-bands').value),
});

/** @param {Engine} engine */
export function setUpFrontEnd(engine) {
  const fill = (/** @type {'walk-window' | 'walk-hop' | 'walk-bands'} */ id, /** @type {number[]} */ values, /** @type {(v: number) => string} */ text) =>
    byId(id).replaceChildren(...values.map((value) => new Option(text(value), String(value))));
  const milliseconds = (/** @type {number} */ samples) => `${decimal(samples / 16, samples % 16 ? 1 : 0)} ms`;
  fill('walk-window', WINDOWS, milliseconds);
  fill('walk-hop', HOPS, milliseconds);
  fill('walk-bands', BANDS, String);
  byId('walk-steps').replaceChildren(...STEPS.map(layOut), layOutPictures());
  whenShown('steps', () => update(engine));
  for (const id of /** @type {const} */ (['walk-moment', 'walk-window', 'walk-hop', 'walk-bands'])) {
    byId(id).addEventListener('input', () => {
      disableGaps();
      update(engine);
    });
  }
}

/** For a new clip on the page. @param {Engine} engine @param {Reading} next */
export function updateFrontEnd(engine, next) {
  reading = next;
  update(engine);
}

/** @param {Step} step @param {number} index */
function layOut({ title, description }, index) {
  const item = document.createElement('li');
  const heading = document.createElement('strong');
  heading.textContent = title;
  const text = document.createElement('span');
  text.textContent = `. ${description}`;
  const canvas = document.createElement('canvas');
  canvas.width = 1024;
  canvas.height = 160;
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'slider');
  canvas.setAttribute('aria-label', title);
  const output = document.createElement('output');
  item.append(heading, text, canvas, output);
  const select = (/** @type {number} */ value) => {
    const count = steps ? STEPS[index].values(steps).length : 1;
    selected[index] = Math.min(count - 1, Math.max(0, value));
    drawStep(index);
  };
  canvas.addEventListener('pointermove', ({ offsetX }) => {
    if (steps) select(Math.floor((offsetX / canvas.clientWidth) * STEPS[index].values(steps).length));
  });
  canvas.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by) return;
    event.preventDefault();
    select(selected[index] + by);
  });
  return item;
}

function layOutPictures() {
  const item = document.createElement('li');
  const heading = document.createElement('strong');
  heading.textContent = t('All frames together');
  const text = document.createElement('span');
  text.textContent = `. ${t('Frame by frame: the bands in decibels, then the coefficients, low at the bottom.')}`;
  item.append(heading, text);
  for (const id of ['walk-bands-picture', 'walk-mfcc-picture']) {
    const canvas = document.createElement('canvas');
    canvas.id = id;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-labelledby', 'walk-text');
    item.append(canvas);
  }
  return item;
}

/** Disables hops that are longer than the window, which would leave gaps. */
function disableGaps() {
  const window = Number(byId('walk-window').value);
  for (const option of byId('walk-hop').options) option.disabled = Number(option.value) > window;
  if (byId('walk-hop').selectedOptions[0].disabled) byId('walk-hop').value = String(Math.max(...HOPS.filter((hop) => hop <= window)));
}

/** Computes the steps and draws them, one request at a time. @param {Engine} engine */
async function update(engine) {
  if (!reading || !isShown('steps')) return;
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  await attempt(async () => {
    while (isStale && reading) {
      isStale = false;
      const { samples } = reading;
      const { window, hop, bands } = chosenSettings();
      const frame = Math.round((Number(byId('walk-moment').value) * samples.length) / hop);
      steps = await engine.ask({
        type: 'steps', samples, frame, window, hop, bands, coefficients: Math.min(COEFFICIENTS, bands),
      });
      draw(frame * hop / RATE_HZ, { window, hop, bands });
    }
  });
  isAsking = false;
}

/** @param {number} timeS @param {Settings} settings */
function draw(timeS, settings) {
  if (!steps) return;
  STEPS.forEach((_, index) => drawStep(index));
  const frames = steps.mfcc.values.length / steps.mfcc.rows;
  const isModels = settings.window === WINDOWS[0] && settings.hop === HOPS[0] && settings.bands === BANDS[0];
  const values = { at: decimal(timeS, 2), rows: steps.mfcc.rows, frames };
  byId('walk-text').textContent = isModels
    ? t('At {at} s. The clip becomes {rows} × {frames} numbers, as the models see it.', values)
    : t('At {at} s. The clip becomes {rows} × {frames} numbers: an experiment that no model sees.', values);
  byId('walk-moment').setAttribute('aria-valuetext', `${values.at} s`);
  drawSpectrogram(byId('walk-bands-picture'), steps.logMel.values, steps.logMel.rows);
  // Loudness, the last row, and the first coefficient would outshine the rest.
  const { values: mfcc, rows } = steps.mfcc;
  const columns = mfcc.length / rows;
  drawHeat(byId('walk-mfcc-picture'), { values: mfcc.slice(columns, -columns), rows: rows - 2 }, NO_HEAT, 0);
}

/** Draws a step, with the selected value in words. @param {number} index */
function drawStep(index) {
  if (!steps) return;
  const step = STEPS[index];
  const item = byId('walk-steps').children[index];
  const canvas = /** @type {HTMLCanvasElement} */ (item.querySelector('canvas'));
  const values = step.values(steps);
  const at = Math.min(selected[index], values.length - 1);
  drawBars(canvas, values, step.isLine, at);
  const text = step.describe(at, values[at], chosenSettings());
  below(item, 'output').textContent = text;
  for (const [name, value] of Object.entries({ valuemin: 0, valuemax: values.length - 1, valuenow: at, valuetext: text })) {
    canvas.setAttribute(`aria-${name}`, String(value));
  }
}
