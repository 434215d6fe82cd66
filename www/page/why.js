// Explains a reading: which parts of the clip raised an emotion, to be seen, played and checked.

import { explainByGradient, explainByOcclusion, hasGradients, occlude, occludedProbabilities } from '../engine/explain.js';
import { byId } from './dom.js';
import { withProgress } from './loading.js';
import { drawHeat } from './pictures.js';
import { attempt } from './status.js';
import { decimal, t } from './text.js';
import { markSpan, playSpan } from './trace.js';
import { isShown, whenShown } from './views.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Explanation} Explanation */
/** @typedef {import('../engine/types.d.ts').Picture} Picture */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */

const RATE_HZ = 16_000;

/** The reading that is explained.
 * @type {Reading | undefined} */
let reading;
/** The speaker reference that it is conditioned on, as JSON text. @type {string | undefined} */
let speaker;
/** @type {Explanation | undefined} */ let explanation;
/** Outputs of the model for the clip, then with each part occluded; computed once for all emotions.
 * @type {Float32Array | undefined} */
let occluded;
/** Cancels the explanation of an earlier clip.
 * @type {AbortController} */
let current = new AbortController();

/** @param {Engine} engine */
export function setUpWhy(engine) {
  byId('why-emotion').replaceChildren(...EMOTIONS.map((emotion) => new Option(NAMES[emotion], emotion)));
  whenShown('why', () => { if (!explanation) attempt(() => explain(engine)); });
  byId('why-emotion').addEventListener('change', () => attempt(() => explain(engine)));
  byId('why-opacity').addEventListener('input', drawExplanation);
  byId('why-play').addEventListener('click', () => explanation?.summary.seconds && playSpan(...explanation.summary.seconds));
  byId('why-check').addEventListener('click', () => attempt(() => check(engine)));
}

/** For a new clip on the page: removes the explanation of the one before.
 * @param {Engine} engine @param {Reading} next @param {string} [reference] The speaker reference that it is conditioned on. */
export function updateExplanation(engine, next, reference) {
  current.abort();
  current = new AbortController();
  reading = next;
  speaker = reference;
  occluded = undefined;
  byId('why-emotion').value = next.report.label;
  clear();
  if (isShown('why')) attempt(() => explain(engine));
}

function clear() {
  explanation = undefined;
  markSpan();
  byId('why-text').textContent = t('Looking for what decided.');
  byId('why-checked').textContent = '';
  byId('why-play').disabled = true;
  byId('why-check').disabled = true;
}

/** @param {Engine} engine */
async function explain(engine) {
  if (!reading) return;
  const { samples, report } = reading;
  // Another model has been chosen: it reads the clip first.
  if (report.model !== (await engine.manifest()).name) return;
  const emotion = /** @type {import('../engine/types.d.ts').Emotion} */ (byId('why-emotion').value);
  const { signal } = current;
  clear();
  if (engine.lacksGradients && await hasGradients(engine)) {
    const text = t('Loading what explains this model.');
    await withProgress(text, async (_, showProgress) => { await engine.loadGradients((share) => showProgress(text, share)); });
    if (signal.aborted) return;
  }
  const byGradient = await explainByGradient(engine, samples, emotion);
  if (!byGradient && !occluded) {
    await withProgress(t('Reading the clip without one part after the other.'), async (cancelled, showProgress) => {
      const outputs = await occlude(engine, samples, AbortSignal.any([cancelled, signal]), (done, all) =>
        showProgress(t('Reading the clip without one part after the other, {done} of {all}.', { done, all }), done / all), speaker);
      if (!signal.aborted) occluded = outputs;
    });
  }
  if (signal.aborted || emotion !== byId('why-emotion').value) return;
  if (!byGradient && !occluded) {
    byId('why-text').textContent = t('Stopped before every part was tried. Choose an emotion to go on.');
    return;
  }
  explanation = byGradient
    ?? await explainByOcclusion(engine, /** @type {Float32Array} */ (occluded), emotion, samples.length, speaker);
  if (signal.aborted) return;
  show();
}

function show() {
  if (!reading || !explanation) return;
  const { seconds } = explanation.summary;
  drawExplanation();
  byId('why-text').textContent = describeExplanation(explanation, reading.report.heard_s);
  const isPlayable = seconds !== null && seconds[0] < reading.report.heard_s;
  byId('why-play').disabled = !isPlayable;
  byId('why-play').textContent = seconds ? t('Play {from} to {to} s', span(seconds)) : t('Play it');
  byId('why-check').disabled = !isPlayable;
  if (seconds) markSpan(seconds[0], seconds[1]);
}

/** Draws the heat map; again when the slider moves or the colours change. */
export function drawExplanation() {
  if (!reading || !explanation) return;
  const picture = explanation.input ?? reading.picture;
  drawHeat(byId('why-picture'), picture, explanation.heat, Number(byId('why-opacity').value) / 100);
}

/** The heat map in a sentence. @param {Explanation} explanation @param {number} lengthS Of the clip without padding. */
function describeExplanation({ summary, input }, lengthS) {
  const { emotion, seconds, rows, hz, method } = summary;
  const name = NAMES[emotion];
  if (!seconds && !rows) return t('Nothing in this clip raised {name}: no part of it stands out.', { name });
  const places = [];
  if (seconds) places.push(t('between {from} and {to} s', span(seconds)));
  if (hz) places.push(hz[0] < 50 ? t('below {to}', { to: pitch(hz[1]) }) : t('from {from} to {to}', { from: pitch(hz[0]), to: pitch(hz[1]) }));
  else if (rows && input) places.push(coefficients(rows, input.rows));
  const values = { name, places: places.join(', ') };
  const how = method === 'grad-cam' ? t('What raised {name} the most lies {places} (half of the heat).', values)
    : t('Without its parts one by one, {name} falls the most {places} (half of the heat).', values);
  const padding = seconds && seconds[0] >= lengthS
    ? ` ${t('That is the silence that fills the clip up: the length of the recording was a clue for the model.')}` : '';
  return how + padding;
}

/** @param {[number, number]} seconds */
const span = ([from, to]) => ({ from: decimal(from, 1), to: decimal(to, 1) });

/** @param {number} hz */
const pitch = (hz) => (hz < 1000 ? `${Math.round(hz)} Hz` : `${decimal(hz / 1000, 1)} kHz`);

/** @param {[number, number]} rows @param {number} count The last row is loudness. */
function coefficients([first, last], count) {
  if (first === count - 1) return t('in the loudness');
  const values = { first, last: Math.min(last, count - 2), all: count - 1 };
  if (last < 13) return t('in coefficients {first} to {last} of {all}, the broad colour of the voice', values);
  if (first >= 13) return t('in coefficients {first} to {last} of {all}, the fine grain of the voice', values);
  return t('in coefficients {first} to {last} of {all}', values);
}

/** Analyzes the clip with the seconds of the explanation occluded. @param {Engine} engine */
async function check(engine) {
  if (!reading || !explanation?.summary.seconds) return;
  const { emotion, probability, seconds } = explanation.summary;
  const [from, to] = seconds.map((at) => Math.round(at * RATE_HZ));
  const { signal } = current;
  const probabilities = await occludedProbabilities(engine, reading.samples, from, to, speaker);
  if (signal.aborted) return;
  const after = probabilities[EMOTIONS.indexOf(emotion)];
  const top = EMOTIONS[probabilities.indexOf(Math.max(...probabilities))];
  const verdict = after < probability - 0.1 ? t('These seconds matter.') : after > probability + 0.01
    ? t('The model was surer without them: the map misleads here.') : t('They alone do not decide.');
  const change = t('Without {from} to {to} s, {name} goes from {before} to {after}, and {top} leads.',
    { ...span(seconds), name: NAMES[emotion], before: percent(probability), after: percent(after), top: NAMES[top] });
  byId('why-checked').textContent = `${change} ${verdict}`;
}
