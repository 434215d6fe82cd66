// The timeline of long audio: follows a recording moment by moment, shows it, sums it up and saves it as a file.

import { EngineError } from '../engine/engine-error.js';
import { follow } from '../engine/follow.js';
import { byId } from './dom.js';
import { fileNameOf, saveAs } from './download.js';
import { describeError } from './errors.js';
import { withProgress } from './loading.js';
import { referenceFor } from './same-speaker.js';
import { attempt, showProblem } from './status.js';
import { drawStrips, layOutStrips } from './strips.js';
import { decimal, t, translated } from './text.js';
import { isShown, show, showFirst, whenShown } from './views.js';
import { NAMES, describeReading, isClear, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Moment} Moment */
/** @typedef {import('../engine/types.d.ts').Note} Note */
/** @typedef {import('../engine/types.d.ts').Report} Report */

/** Longer recordings can be followed. */
export const LONG_S = 10;
/** Seconds from one moment of a recording to the next. */
const STEP_S = 2;

/** Less missing audio than this is not mentioned, in seconds. */
const MIN_LOST_S = 0.05;

/** Time between drawings while a file is followed. */
const DRAW_INTERVAL_MS = 250;

/** Name of the recording. */
let source = '';
/** @type {Moment[]} */ let moments = [];
/** Speaker references of moments that do not overlap, and the span of each. @type {{span: [number, number], enrolment: string}[]} */
let enrolments = [];
/** References of moments that came before an earlier one did: workers answer in any order. @type {Map<number, string | undefined>} */
let early = new Map();
/** The moment whose reference is next. */
let next = 0;
/** More of them are not kept: those of some twenty minutes of speech. */
const MAX_ENROLMENTS = 256;
let stepS = STEP_S;
let durationS = 0;
/** Live from the microphone: the view stays at the end, and nothing can be played. */
let isLive = false;
/** Whether there is a timeline. */
let isBegun = false;
const NOTHING = t('Nothing yet. Follow the microphone, or choose a recording of more than ten seconds.');
let isDrawn = true;
/** Cancels the analysis.
 * @type {AbortController | undefined} */
let following;

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
  return whole < 3600 ? parts.join(':').replace(/^0/, '') : [Math.floor(whole / 3600), ...parts].join(':');
}

/** A button that follows the whole of a recording.
 * @param {Engine} engine @param {File} file @param {Report} report @returns {HTMLButtonElement} */
export function followButton(engine, file, report) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = t('Follow all {length} of it', { length: clock(report.duration_s) });
  button.addEventListener('click', () => start(engine, file, report));
  return button;
}

/** Stops following; the moments so far stay. */
export function stop() {
  following?.abort();
}

/** Removes the timeline from the page. */
export function clear() {
  stop();
  isBegun = false;
  enrolments = [];
  early = new Map();
  next = 0;
  byId('timeline').classList.add('empty');
  byId('timeline-summary').textContent = NOTHING;
  byId('time-link').hidden = true;
  if (isShown('time')) showFirst();
  byId('long-player').pause();
  URL.revokeObjectURL(byId('long-player').src);
  byId('long-player').removeAttribute('src');
}

/** Shows an empty timeline.
 * @param {string} name Of the recording. @param {number} step Seconds from one moment to the next. @param {boolean} live */
export function begin(name, step, live) {
  clear();
  source = name;
  moments = [];
  stepS = step;
  durationS = 0;
  isLive = live;
  layOutStrips((share) => {
    const { fromS, lengthS } = view();
    seekTo(fromS + share * lengthS);
  });
  byId('zoom').value = live ? '30' : '0';
  byId('moment').max = '0';
  byId('long-player').hidden = live;
  byId('timeline-summary').textContent = '';
  byId('moment-text').textContent = '';
  isBegun = true;
  byId('timeline').classList.remove('empty');
  byId('time-link').hidden = false;
  show('time');
}

/** @param {Moment} moment @param {number} index @param {string} [enrolment] The speaker reference of its window. */
export function addMoment(moment, index, enrolment) {
  const last = Number(byId('moment').max);
  const isAtEnd = isLive && Number(byId('moment').value) === last;
  moments[index] = moment;
  early.set(index, enrolment);
  keepEnrolments();
  durationS = Math.max(durationS, moment.end_s);
  byId('moment').max = String(Math.max(last, index));
  if (isAtEnd) byId('moment').value = byId('moment').max;
  scheduleDraw();
}

/** Sums up the recording. @param {Engine} engine @param {boolean} isComplete Whether all of it was analyzed.
 * @param {{lostS: number, notes: Note[]}} end Seconds that are missing, and notes on the file. */
export async function finish(engine, isComplete, end = { lostS: 0, notes: [] }) {

  // Without the holes of an analysis that was stopped.
  moments = moments.filter(Boolean);
  byId('moment').max = String(Math.max(0, moments.length - 1));
  draw();
  const summary = [summarize(isComplete, end.lostS), ...end.notes.map(({ advice }) => translated(advice))].join(' ');
  byId('timeline-summary').textContent = summary;
  const references = enrolments.map(({ enrolment }) => enrolment);
  enrolments = [];
  const followed = moments;
  // Refused if another model was chosen meanwhile, whose references they are not: then nothing is said of voices.
  const known = references.length ? await engine.ask({ type: 'merge', references }).catch(() => undefined) : undefined;
  if (known?.two_voices && moments === followed && isBegun) {
    byId('timeline-summary').textContent = `${summary} ${t('Two different voices seem to speak in it: where they meet, a moment may mix them.')}`;
  }
}

/** Keeps the speaker references of moments that do not overlap the one kept before, as the command line does. */
function keepEnrolments() {
  for (; early.has(next); next += 1) {
    const enrolment = early.get(next);
    early.delete(next);
    const { start_s, end_s } = moments[next];
    const isFree = (enrolments.at(-1)?.span[1] ?? 0) <= start_s;
    if (enrolment && isFree && enrolments.length < MAX_ENROLMENTS) enrolments.push({ span: [start_s, end_s], enrolment });
  }
}

/** @param {Engine} engine @param {File} file @param {Report} report */
async function start(engine, file, report) {
  begin(file.name, STEP_S, false);
  durationS = report.duration_s;
  byId('long-player').src = URL.createObjectURL(file);
  byId('timeline-title').focus();
  let isComplete = false;
  /** @type {Awaited<ReturnType<typeof follow>> | undefined} */ let end;
  const current = new AbortController();
  following = current;
  await withProgress(t('Following {source}.', { source }), async (cancelled, showProgress) => {
    const signal = AbortSignal.any([cancelled, current.signal]);
    try {
      end = await follow(engine, file, STEP_S, {
        onOpen: (declaredS) => { durationS = declaredS ?? durationS; },
        onMoment: (moment, index, enrolment) => {
          if (signal.aborted) return;
          addMoment(moment, index, enrolment);
          showProgress(t('Following {source}, {at} of {length}.', { source, at: clock(moment.end_s), length: clock(durationS) }), moment.end_s / durationS);
        },
      }, signal, /** @type {import('../engine/types.d.ts').Channel | ''} */ (byId('channel').value) || undefined, await referenceFor(engine));
      isComplete = true;
    } catch (error) {
      if (signal.aborted) return;
      showProblem(error instanceof EngineError ? `${source}: ${describeError(error)}` : describeError(error));
    }
  });
  // Another recording has replaced it.
  if (following !== current || !isBegun) return;
  await finish(engine, isComplete, end);
}

/** The recording in a few sentences. @param {boolean} isComplete @param {number} lostS */
function summarize(isComplete, lostS) {
  const spoken = moments.filter(({ report }) => report);
  const stopped = isComplete ? '' : `${t('It was stopped before its end.')} `;
  const lost = lostS >= MIN_LOST_S
    ? `${t('About {lost} seconds of sound are missing, or could not be read.', { lost: decimal(lostS, 1) })} ` : '';
  const length = stopped + lost + t('{length} in {count} moments, {spoken} of them with speech.',
    { length: clock(durationS), count: moments.length, spoken: spoken.length });
  if (!spoken.length) return length;
  /** @type {Record<string, number>} */ const counts = {};
  let unsure = 0;
  for (const { report } of spoken) {
    if (!report) continue;
    if (report.certainty === 'unsure' || report.certainty === 'no-speech') unsure += 1;
    else counts[report.label] = (counts[report.label] ?? 0) + 1;
  }
  const ranked = Object.entries(counts).sort(([, a], [, b]) => b - a).slice(0, 3)
    .map(([emotion, count]) => `${NAMES[emotion]} ${percent(count / spoken.length)}`);
  const most = ranked.length ? `${t('Most often, of those: {list}.', { list: ranked.join(', ') })} ` : '';
  return `${length} ${most}${t('Hard to tell: {share}.', { share: percent(unsure / spoken.length) })}`;
}

/** The moments so far, each with the seconds that it is drawn over. Windows overlap: each has the part of it that is closer to its
 * middle than to that of another, as in the files for programs with intervals.
 * @returns {(import('./strips.js').Drawn | undefined)[]} */
function drawn() {
  const middle = (/** @type {Moment} */ { start_s, end_s }) => (start_s + end_s) / 2;
  return Array.from(moments, (moment, index) => {
    if (!moment) return undefined;
    const { start_s, end_s } = moment;
    const [before, after] = [moments[index - 1], moments[index + 1]];
    /** @type {[number, number]} */ const span = [
      before ? Math.max(start_s, (middle(before) + middle(moment)) / 2) : index ? middle(moment) - stepS / 2 : start_s,
      after ? Math.min(end_s, (middle(moment) + middle(after)) / 2) : isLive || end_s >= durationS ? end_s : middle(moment) + stepS / 2,
    ];
    return { ...moment, span, peaksSpan: isLive ? [end_s - stepS, end_s] : [start_s, start_s + stepS] };
  });
}

const chosen = () => moments[Number(byId('moment').value)];

/** The span of time that is shown: around the chosen moment. @returns {import('./strips.js').View} */
function view() {
  const wanted = Number(byId('zoom').value);
  if (!wanted || wanted >= durationS) return { fromS: 0, lengthS: Math.max(durationS, wanted && isLive ? wanted : stepS) };
  const middle = chosen() ? (chosen().start_s + chosen().end_s) / 2 : 0;
  return { fromS: Math.min(durationS - wanted, Math.max(0, middle - wanted / 2)), lengthS: wanted };
}

/** Limits the rate of drawing, which takes time from the analysis. */
function scheduleDraw() {
  if (!isDrawn) return;
  isDrawn = false;
  setTimeout(() => requestAnimationFrame(draw), isLive ? 0 : DRAW_INTERVAL_MS);
}

/** Draws the moments so far; again when the colours change. */
export function draw() {
  isDrawn = true;
  if (!isBegun || !isShown('time')) return;
  const shown = view();
  const all = drawn();
  drawStrips(all.filter((moment) => moment !== undefined), shown, all[Number(byId('moment').value)]);
  byId('axis-from').textContent = clock(shown.fromS);
  byId('axis-to').textContent = clock(shown.fromS + shown.lengthS);
  showMoment();
}

/** The moment that is drawn at a time; the last one after the end. @param {number} seconds */
function indexAt(seconds) {
  const index = drawn().findIndex((moment) => moment && moment.span[1] > seconds);
  return String(index < 0 ? Math.max(0, moments.length - 1) : index);
}

/** Chooses the moment at a time. @param {number} seconds */
function seekTo(seconds) {
  byId('moment').value = indexAt(seconds);
  byId('moment').dispatchEvent(new Event('input'));
}

/** Shows the reading of the chosen moment. */
function showMoment() {
  const text = chosen() ? describeMoment(chosen()) : '';
  byId('moment-text').textContent = text;
  byId('moment').setAttribute('aria-valuetext', text);
}

/** @param {Moment} moment */
function describeMoment({ start_s, end_s, report }) {
  const when = t('{from} to {to}', { from: clock(start_s), to: clock(end_s) });
  if (!report) return t('{when}: no speech.', { when });
  const { headline, explained } = describeReading(report);
  return `${when}: ${headline}. ${explained}`;
}

/** File formats: the extension and the media type of each. @type {Record<string, [string, string]>} */
const FORMATS = {
  csv: ['csv', 'text/csv'],
  json: ['json', 'application/json'],
  audacity: ['txt', 'text/plain'],
  textgrid: ['TextGrid', 'text/plain'],
  webvtt: ['vtt', 'text/vtt'],
};

/** Saves the moments as a file of the chosen format. @param {Engine} engine */
async function save(engine) {
  const format = byId('timeline-format').value;
  const [extension, type] = FORMATS[format];
  const windows = moments.filter(Boolean).map(({ start_s, end_s, report }) => ({
    start_s, end_s, certainty: report?.certainty ?? 'no-speech', caption: report ? captionOf(report) : t('no speech'),
    ...(report && { label: report.label, probabilities: report.probabilities }),
  }));
  saveAs(fileNameOf(source, extension), await engine.ask({ type: 'timeline', windows, format }), type);
}

/** @param {Report} report */
function captionOf(report) {
  const { headline } = describeReading(report);
  return isClear(report) ? `${headline}, ${percent(report.probabilities[report.label])}` : headline;
}

/** @param {Engine} engine */
export function setUpTimeline(engine) {
  byId('save-timeline').addEventListener('click', () => attempt(() => save(engine)));
}

byId('moment').addEventListener('input', () => {
  draw();
  const player = byId('long-player');
  if (chosen() && !isLive) player.currentTime = chosen().start_s;
});
byId('zoom').addEventListener('change', draw);
whenShown('time', draw);
new ResizeObserver(draw).observe(byId('long-trace'));
byId('long-player').addEventListener('timeupdate', () => {
  const player = byId('long-player');
  if (player.paused || isLive) return;
  byId('moment').value = indexAt(player.currentTime);
  draw();
});
