// A recording of any length, moment by moment: a strip for each emotion, and the same in words.

import { EngineError } from '../engine/engine-error.js';
import { follow } from '../engine/follow.js';
import { EMOTIONS, inWords, percent } from './result.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {{engine: Engine, complain: (text: string) => void, whileBusy: (text: string, work: (signal: AbortSignal,
 * tell: (text: string, share?: number) => void) => Promise<void>) => Promise<void>}} Page */

/** Recordings longer than this are worth following. */
export const LONG_S = 10;
/** Seconds from one moment to the next. */
const STEP_S = 2;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** What is followed. */
let source = '';
/** @type {Moment[]} */ let moments = [];
let durationS = 0;
let isDrawn = true;
/** Ends the following.
 * @type {AbortController | undefined} */
let following;

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
  return whole < 3600 ? parts.join(':').replace(/^0/, '') : [Math.floor(whole / 3600), ...parts].join(':');
}

/** A button that has the whole of a recording read.
 * @param {Page} page @param {File} file @param {Report} report @returns {HTMLButtonElement} */
export function followButton(page, file, report) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = `Follow all ${clock(report.duration_s)} of it`;
  button.addEventListener('click', () => start(page, file, report));
  return button;
}

/** Follows no further; what was read stays. */
export function stop() {
  following?.abort();
}

/** Takes what was followed off the page. */
export function clear() {
  stop();
  byId('timeline').hidden = true;
  byId('long-player').pause();
  URL.revokeObjectURL(byId('long-player').src);
  byId('long-player').removeAttribute('src');
}

/** @param {Page} page @param {File} file @param {Report} report */
async function start(page, file, report) {
  clear();
  source = file.name;
  moments = [];
  durationS = report.duration_s;
  layOut();
  byId('timeline').hidden = false;
  byId('long-player').src = URL.createObjectURL(file);
  byId('timeline-summary').textContent = '';
  byId('timeline-title').focus();
  let isWhole = false;
  const current = new AbortController();
  following = current;
  await page.whileBusy(`Following ${source}.`, async (cancelled, tell) => {
    const signal = AbortSignal.any([cancelled, current.signal]);
    try {
      await follow(page.engine, file, STEP_S, {
        opened: (declaredS) => { durationS = declaredS ?? durationS; },
        moment: (moment, index) => {
          if (signal.aborted) return;
          moments[index] = moment;
          durationS = Math.max(durationS, moment.endS);
          tell(`Following ${source}, ${clock(moment.endS)} of ${clock(durationS)}.`, moment.endS / durationS);
          drawSoon();
        },
      }, signal);
      isWhole = true;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EngineError)) console.error(error);
      page.complain(error instanceof EngineError ? `${source}: ${error.message}` : 'Something went wrong that should not have. Reload the page and try again.');
    }
  });
  // Another recording took its place.
  if (following !== current || byId('timeline').hidden) return;
  // What was read before it ended stays.
  moments = moments.filter(Boolean);
  draw();
  byId('timeline-summary').textContent = summary(isWhole);
}

/** What was heard, in a few sentences. @param {boolean} isWhole */
function summary(isWhole) {
  const read = moments.filter(({ report }) => report);
  const heard = `${isWhole ? '' : 'It was stopped before its end. '}${clock(durationS)} in ${moments.length} moments, ${read.length} of them with speech.`;
  if (!read.length) return heard;
  /** @type {Record<string, number>} */ const counts = {};
  let unsure = 0;
  for (const { report } of read) {
    if (!report) continue;
    if (report.certainty === 'unsure' || report.certainty === 'no-speech') unsure += 1;
    else counts[report.label] = (counts[report.label] ?? 0) + 1;
  }
  const ranked = Object.entries(counts).sort(([, a], [, b]) => b - a).slice(0, 3)
    .map(([emotion, count]) => `${emotion} in ${percent(count / read.length)}`);
  return `${heard} ${ranked.length ? `Most often it sounds ${ranked.join(', ')} of those; ` : ''}${
    percent(unsure / read.length)} are hard to tell.`;
}

/** Makes the rows once, so that nothing moves as moments come. */
function layOut() {
  byId('strips').replaceChildren(...EMOTIONS.map((emotion) => {
    const row = document.createElement('li');
    const name = document.createElement('span');
    name.textContent = emotion;
    const strip = document.createElement('canvas');
    strip.width = 1024;
    strip.height = 32;
    const value = document.createElement('span');
    value.className = 'value';
    value.textContent = '–';
    row.append(name, strip, value);
    strip.addEventListener('click', ({ offsetX }) => goTo((offsetX / strip.clientWidth) * durationS));
    return row;
  }));
}

function drawSoon() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(draw);
}

/** Draws what is there, also anew when the colours change. */
export function draw() {
  isDrawn = true;
  if (byId('timeline').hidden) return;
  const [soft, accent, line] = ['--soft', '--accent', '--line'].map((name) => colourOf(name));
  EMOTIONS.forEach((emotion, place) => {
    const row = byId('strips').children[place];
    const canvas = row.querySelector('canvas');
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    const wide = Math.max(1, (STEP_S / durationS) * canvas.width);
    let sum = 0;
    let count = 0;
    for (const moment of moments) {
      if (!moment) continue;
      const x = (moment.startS / durationS) * canvas.width;
      const share = moment.report?.probabilities[emotion] ?? 0;
      context.fillStyle = moment.report?.label === emotion ? accent : moment.report ? soft : line;
      const high = Math.max(1, share * canvas.height);
      context.fillRect(x, canvas.height - high, wide, high);
      if (moment.report) {
        sum += share;
        count += 1;
      }
    }
    if (count) row.querySelector('.value').textContent = percent(sum / count);
  });
  byId('moment').max = String(Math.max(0, moments.length - 1));
  tellMoment();
}

/** A colour of the page as the canvas takes it. @param {string} name */
function colourOf(name) {
  const probe = byId('moment-text');
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.style.color = '';
  return color;
}

/** @param {number} seconds */
function goTo(seconds) {
  byId('moment').value = String(Math.min(moments.length - 1, Math.floor(seconds / STEP_S)));
  byId('moment').dispatchEvent(new Event('input'));
}

/** Says what was read at the chosen moment. */
function tellMoment() {
  const moment = moments[Number(byId('moment').value)];
  const text = moment ? inShort(moment) : '';
  byId('moment-text').textContent = text;
  byId('moment').setAttribute('aria-valuetext', text);
}

/** @param {Moment} moment */
function inShort({ startS, endS, report }) {
  const when = `${clock(startS)} to ${clock(endS)}`;
  if (!report) return `${when}: no speech.`;
  const { headline, explained } = inWords(report);
  return `${when}: ${headline}. ${explained}`;
}

/** @param {string} text @param {string} type @param {string} extension */
function save(text, type, extension) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `${source.replace(/\.[^.]*$/, '')}.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The same columns as the command line's. */
function asCsv() {
  const rows = moments.map(({ startS, endS, report }) => [startS.toFixed(2), endS.toFixed(2),
    report?.certainty ?? 'no-speech', report?.label ?? '',
    ...EMOTIONS.map((emotion) => report?.probabilities[emotion].toFixed(4) ?? '')].join(','));
  return `${[`start_s,end_s,certainty,label,${EMOTIONS.join(',')}`, ...rows].join('\n')}\n`;
}

function asJson() {
  return JSON.stringify(moments.map(({ startS, endS, report }) => ({
    start_s: startS, end_s: endS, certainty: report?.certainty ?? 'no-speech', label: report?.label, probabilities: report?.probabilities,
  })), null, 2);
}

byId('moment').addEventListener('input', () => {
  tellMoment();
  const moment = moments[Number(byId('moment').value)];
  if (moment) byId('long-player').currentTime = moment.startS;
});
byId('save-csv').addEventListener('click', () => save(asCsv(), 'text/csv', 'csv'));
byId('save-json').addEventListener('click', () => save(asJson(), 'application/json', 'json'));
