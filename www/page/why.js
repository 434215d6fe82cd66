// Why it said so: where in the clip the score of an emotion came from, to be seen, heard and checked.

import { explainByGradient, explainSilenced, probabilitiesWithout, silence } from '../engine/explain.js';
import { drawHeat } from './pictures.js';
import { mark, play } from './result.js';
import { decimal, t } from './text.js';
import { EMOTIONS, NAMES, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Explanation} Explanation */
/** @typedef {import('../engine/types.d.ts').Picture} Picture */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {{engine: Engine, attempt: (work: () => Promise<void>) => Promise<void>, whileBusy: (text: string,
 * work: (signal: AbortSignal, tell: (text: string, share?: number) => void) => Promise<void>) => Promise<void>}} Page */

const RATE_HZ = 16_000;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** What is explained.
 * @type {Reading | undefined} */
let reading;
/** @type {Explanation | undefined} */ let explanation;
/** What the model says of the clip, then of it without each part; found once for all emotions.
 * @type {Float32Array | undefined} */
let silenced;
/** Ends what is being found for another clip.
 * @type {AbortController} */
let current = new AbortController();

/** @param {Page} page */
export function setUpWhy(page) {
  byId('why-emotion').replaceChildren(...EMOTIONS.map((emotion) => new Option(NAMES[emotion], emotion)));
  byId('why').addEventListener('toggle', () => byId('why').open && page.attempt(() => explain(page)));
  byId('why-emotion').addEventListener('change', () => page.attempt(() => explain(page)));
  byId('why-opacity').addEventListener('input', redraw);
  byId('why-play').addEventListener('click', () => explanation?.summary.seconds && play(...explanation.summary.seconds));
  byId('why-check').addEventListener('click', () => page.attempt(() => check(page)));
}

/** Another clip is on the page: what was said of the one before is taken away.
 * @param {Page} page @param {Reading} next */
export function explainNext(page, next) {
  current.abort();
  current = new AbortController();
  reading = next;
  silenced = undefined;
  byId('why-emotion').value = next.report.label;
  clear();
  if (byId('why').open) page.attempt(() => explain(page));
}

function clear() {
  explanation = undefined;
  mark();
  byId('why-text').textContent = t('Looking for what decided.');
  byId('why-checked').textContent = '';
  byId('why-play').disabled = true;
  byId('why-check').disabled = true;
}

/** @param {Page} page */
async function explain(page) {
  if (!reading) return;
  const { samples } = reading;
  const emotion = byId('why-emotion').value;
  const { signal } = current;
  clear();
  const byGradient = await explainByGradient(page.engine, samples, emotion);
  if (!byGradient && !silenced) {
    await page.whileBusy(t('Reading the clip without one part after the other.'), async (cancelled, tell) => {
      const found = await silence(page.engine, samples, AbortSignal.any([cancelled, signal]), (done, all) =>
        tell(t('Reading the clip without one part after the other, {done} of {all}.', { done, all }), done / all));
      if (!signal.aborted) silenced = found;
    });
  }
  if (signal.aborted || emotion !== byId('why-emotion').value) return;
  if (!byGradient && !silenced) {
    byId('why-text').textContent = t('Stopped before every part was tried. Choose an emotion to go on.');
    return;
  }
  explanation = byGradient
    ?? await explainSilenced(page.engine, /** @type {Float32Array} */ (silenced), emotion, samples.length);
  if (signal.aborted) return;
  show();
}

function show() {
  if (!reading || !explanation) return;
  const { seconds } = explanation.summary;
  redraw();
  byId('why-text').textContent = inWords(explanation, reading.report.heard_s);
  const isHeard = seconds !== null && seconds[0] < reading.report.heard_s;
  byId('why-play').disabled = !isHeard;
  byId('why-play').textContent = seconds ? t('Play {from} to {to} s', span(seconds)) : t('Play it');
  byId('why-check').disabled = !isHeard;
  if (seconds) mark(seconds[0], seconds[1]);
}

/** Draws the map, also anew when the slider moves. */
export function redraw() {
  if (!reading || !explanation) return;
  const picture = explanation.seen ?? { values: reading.picture, rows: reading.pictureRows };
  drawHeat(byId('why-picture'), picture, explanation.heat, byId('why-opacity').value / 100);
}

/** The map in a sentence. @param {Explanation} explanation @param {number} heardS */
function inWords({ summary, seen }, heardS) {
  const { emotion, seconds, rows, hz, method } = summary;
  const name = NAMES[emotion];
  if (!seconds && !rows) return t('Nothing in this clip raised {name}: no part of it stands out.', { name });
  const places = [];
  if (seconds) places.push(t('between {from} and {to} s', span(seconds)));
  if (hz) places.push(hz[0] < 50 ? t('below {to}', { to: pitch(hz[1]) }) : t('from {from} to {to}', { from: pitch(hz[0]), to: pitch(hz[1]) }));
  else if (rows && seen) places.push(coefficients(rows, seen.rows));
  const values = { name, places: places.join(', ') };
  const how = method === 'silencing' ? t('Without its parts one by one, {name} falls the most {places} (half of the heat).', values)
    : t('What raised {name} the most lies {places} (half of the heat).', values);
  const silence = seconds && seconds[0] >= heardS
    ? ` ${t('That is the silence that fills the clip up: how long the recording is told the model something.')}` : '';
  return how + silence;
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

/** Reads the clip once more without the seconds that are said to have decided. @param {Page} page */
async function check(page) {
  if (!reading || !explanation?.summary.seconds) return;
  const { emotion, probability, seconds } = explanation.summary;
  const [from, to] = seconds.map((at) => Math.round(at * RATE_HZ));
  const { signal } = current;
  const without = await probabilitiesWithout(page.engine, reading.samples, from, to);
  if (signal.aborted) return;
  const after = without[EMOTIONS.indexOf(emotion)];
  const top = EMOTIONS[without.indexOf(Math.max(...without))];
  const verdict = after < probability - 0.1 ? t('These seconds matter.') : after > probability + 0.01
    ? t('The model was surer without them: the map misleads here.') : t('They alone do not decide.');
  const told = t('Without {from} to {to} s, {name} goes from {before} to {after}, and {top} leads.',
    { ...span(seconds), name: NAMES[emotion], before: percent(probability), after: percent(after), top: NAMES[top] });
  byId('why-checked').textContent = `${told} ${verdict}`;
}
