// Long audio, moment by moment: what is shown of it, what is said of it, and how it is saved.

import { EngineError } from '../engine/engine-error.js';
import { follow } from '../engine/follow.js';
import { drawStrips, layOutStrips } from './strips.js';
import { decimal, t, translated } from './text.js';
import { EMOTIONS, NAMES, inWords, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {import('../engine/types.d.ts').Note} Note */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {{engine: Engine, complain: (text: string) => void, whileBusy: (text: string, work: (signal: AbortSignal,
 * tell: (text: string, share?: number) => void) => Promise<void>) => Promise<void>}} Page */

/** Recordings longer than this are worth following. */
export const LONG_S = 10;
/** Seconds from one moment of a recording to the next. */
const STEP_S = 2;

/** Less lost sound than this is not told, in seconds. */
const LEAST_LOST_S = 0.05;

/** Between one drawing of a recording that is read and the next. */
const DRAWN_MS = 250;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** What is followed. */
let source = '';
/** @type {Moment[]} */ let moments = [];
let stepS = STEP_S;
let durationS = 0;
/** As sound comes in: what is shown stays at its end, and nothing can be played. */
let isLive = false;
let isDrawn = true;
/** Ends the following.
 * @type {AbortController | undefined} */
let following;

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
  return whole < 3600 ? parts.join(':').replace(/^0/, '') : [Math.floor(whole / 3600), ...parts].join(':');
}

/** A button that has the whole of a recording read.
 * @param {Page} page @param {File} file @param {Report} report @returns {HTMLButtonElement} */
export function followButton(page, file, report) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = t('Follow all {length} of it', { length: clock(report.duration_s) });
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

/** Shows an empty timeline.
 * @param {string} name What is followed. @param {number} step Seconds from one moment to the next. @param {boolean} live */
export function begin(name, step, live) {
  clear();
  source = name;
  moments = [];
  stepS = step;
  durationS = 0;
  isLive = live;
  layOutStrips((share) => {
    const { fromS, lengthS } = view();
    goTo(fromS + share * lengthS);
  });
  byId('zoom').value = live ? '30' : '0';
  byId('moment').max = '0';
  byId('long-player').hidden = live;
  byId('timeline-summary').textContent = '';
  byId('moment-text').textContent = '';
  byId('timeline').hidden = false;
}

/** Shows a moment. @param {Moment} moment @param {number} index */
export function put(moment, index) {
  const last = Number(byId('moment').max);
  const follows = isLive && Number(byId('moment').value) === last;
  moments[index] = moment;
  durationS = Math.max(durationS, moment.endS);
  byId('moment').max = String(Math.max(last, index));
  if (follows) byId('moment').value = byId('moment').max;
  drawSoon();
}

/** Says what was heard in all. @param {boolean} isWhole Whether all of it was read.
 * @param {{lostS: number, notes: Note[]}} told What the file lacks, and what else a person should know of it. */
export function finish(isWhole, told = { lostS: 0, notes: [] }) {
  // What was read before it ended stays.
  moments = moments.filter(Boolean);
  byId('moment').max = String(Math.max(0, moments.length - 1));
  draw();
  byId('timeline-summary').textContent =
    [summary(isWhole, told.lostS), ...told.notes.map(({ advice }) => translated(advice))].join(' ');
}

/** @param {Page} page @param {File} file @param {Report} report */
async function start(page, file, report) {
  begin(file.name, STEP_S, false);
  durationS = report.duration_s;
  byId('long-player').src = URL.createObjectURL(file);
  byId('timeline-title').focus();
  let isWhole = false;
  /** @type {Awaited<ReturnType<typeof follow>> | undefined} */ let told;
  const current = new AbortController();
  following = current;
  await page.whileBusy(t('Following {source}.', { source }), async (cancelled, tell) => {
    const signal = AbortSignal.any([cancelled, current.signal]);
    try {
      told = await follow(page.engine, file, STEP_S, {
        opened: (declaredS) => { durationS = declaredS ?? durationS; },
        moment: (moment, index) => {
          if (signal.aborted) return;
          put(moment, index);
          tell(t('Following {source}, {at} of {length}.', { source, at: clock(moment.endS), length: clock(durationS) }), moment.endS / durationS);
        },
      }, signal, byId('channel').value || undefined);
      isWhole = true;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EngineError)) console.error(error);
      page.complain(error instanceof EngineError ? `${source}: ${translated(error.message)}` : t('Something went wrong that should not have. Reload the page and try again.'));
    }
  });
  // Another recording took its place.
  if (following !== current || byId('timeline').hidden) return;
  finish(isWhole, told);
}

/** What was heard, in a few sentences. @param {boolean} isWhole @param {number} lostS */
function summary(isWhole, lostS) {
  const read = moments.filter(({ report }) => report);
  const stopped = isWhole ? '' : `${t('It was stopped before its end.')} `;
  const lost = lostS >= LEAST_LOST_S
    ? `${t('About {lost} seconds of sound are missing, or could not be read.', { lost: decimal(lostS, 1) })} ` : '';
  const heard = stopped + lost + t('{length} in {count} moments, {spoken} of them with speech.',
    { length: clock(durationS), count: moments.length, spoken: read.length });
  if (!read.length) return heard;
  /** @type {Record<string, number>} */ const counts = {};
  let unsure = 0;
  for (const { report } of read) {
    if (!report) continue;
    if (report.certainty === 'unsure' || report.certainty === 'no-speech') unsure += 1;
    else counts[report.label] = (counts[report.label] ?? 0) + 1;
  }
  const ranked = Object.entries(counts).sort(([, a], [, b]) => b - a).slice(0, 3)
    .map(([emotion, count]) => `${NAMES[emotion]} ${percent(count / read.length)}`);
  const most = ranked.length ? `${t('Most often, of those: {list}.', { list: ranked.join(', ') })} ` : '';
  return `${heard} ${most}${t('Hard to tell: {share}.', { share: percent(unsure / read.length) })}`;
}

/** Seconds that stand for a moment: windows overlap. Of what comes in live, those that came last.
 * @param {Moment} moment @returns {[number, number]} */
const place = ({ startS, endS }) => (isLive ? [endS - stepS, endS] : [startS, startS + stepS]);

const chosen = () => moments[Number(byId('moment').value)];

/** The stretch of time that is shown: about the chosen moment. @returns {import('./strips.js').View} */
function view() {
  const wanted = Number(byId('zoom').value);
  if (!wanted || wanted >= durationS) return { fromS: 0, lengthS: Math.max(durationS, wanted && isLive ? wanted : stepS) };
  const middle = chosen() ? place(chosen())[0] : 0;
  return { fromS: Math.min(durationS - wanted, Math.max(0, middle - wanted / 2)), lengthS: wanted };
}

/** As often as eyes need it: drawing takes time from reading. */
function drawSoon() {
  if (!isDrawn) return;
  isDrawn = false;
  setTimeout(() => requestAnimationFrame(draw), isLive ? 0 : DRAWN_MS);
}

/** Draws what is there, also anew when the colours change. */
export function draw() {
  isDrawn = true;
  if (byId('timeline').hidden) return;
  const shown = view();
  drawStrips(moments, place, shown, chosen());
  byId('axis-from').textContent = clock(shown.fromS);
  byId('axis-to').textContent = clock(shown.fromS + shown.lengthS);
  tellMoment();
}

/** @param {number} seconds */
function goTo(seconds) {
  const index = isLive ? moments.findIndex((moment) => moment && place(moment)[1] >= seconds) : Math.floor(seconds / stepS);
  byId('moment').value = String(Math.max(0, Math.min(moments.length - 1, index)));
  byId('moment').dispatchEvent(new Event('input'));
}

/** Says what was read at the chosen moment. */
function tellMoment() {
  const text = chosen() ? inShort(chosen()) : '';
  byId('moment-text').textContent = text;
  byId('moment').setAttribute('aria-valuetext', text);
}

/** @param {Moment} moment */
function inShort({ startS, endS, report }) {
  const when = t('{from} to {to}', { from: clock(startS), to: clock(endS) });
  if (!report) return t('{when}: no speech.', { when });
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
  draw();
  const player = byId('long-player');
  if (chosen() && !isLive) player.currentTime = chosen().startS;
});
byId('zoom').addEventListener('change', draw);
byId('long-player').addEventListener('timeupdate', () => {
  const player = byId('long-player');
  if (player.paused || isLive) return;
  byId('moment').value = String(Math.min(moments.length - 1, Math.floor(player.currentTime / stepS)));
  draw();
});
byId('save-csv').addEventListener('click', () => save(asCsv(), 'text/csv', 'csv'));
byId('save-json').addEventListener('click', () => save(asJson(), 'application/json', 'json'));
