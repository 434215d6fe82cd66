// The trace of the clip on the page: drawn as soon as it is read, and coloured moment by moment; and its player.

import { byId } from './dom.js';
import { readMoments } from './moments.js';
import { describeWaveform } from './pictures.js';
import { decimal, t } from './text.js';
import { drawTrace } from './trace-picture.js';
import { isShown, whenShown } from './views.js';
import { encodeWav } from './wav.js';
import { NAMES, describeReading } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('./moments.js').ClipMoment} ClipMoment */

const RATE_HZ = 16_000;

/** Samples of the clip, without padding. */
let samples = new Float32Array();
/** @type {ClipMoment[]} */ let moments = [];
/** Its loudest sample, which is drawn as high as there is room. */
let loudest = 1;
/** The recording in progress, which takes the place of the clip. @type {import('./trace-picture.js').Trace | undefined} */
let recording;
/** Its peaks, and when each was. @type {{seconds: number, level: number}[]} */ let levels = [];
/** @type {(() => void)[]} */ const coloured = [];
/** The span that is marked where it is explained, in seconds. @type {[number, number] | undefined} */ let marked;

const lengthS = () => samples.length / RATE_HZ;
/** @param {number} seconds */
const momentAt = (seconds) => moments.find(({ fromS, toS }) => seconds >= fromS && seconds < toS);
/** What stands below the trace while no moment is pointed at. */
const LEGEND = t('Each colour is how the second and a half around it sounds by itself. Faint: hard to tell.');

/** @param {() => void} callback Called whenever all moments of a clip are read. */
export const whenColoured = (callback) => { coloured.push(callback); };

/** For a new clip on the page. @param {Engine} engine @param {Reading} reading
 * @param {string} [speaker] The speaker reference that it is conditioned on, as JSON text. */
export function updateTrace(engine, reading, speaker) {
  const { heard_s: heardS } = reading.report;
  samples = reading.samples.slice(0, Math.round(heardS * RATE_HZ));
  // Silence stays flat.
  loudest = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0.02);
  moments = [];
  marked = undefined;
  draw();
  const description = describeWaveform(reading.samples, heardS);
  byId('waveform-text').textContent = description;
  const player = byId('player');
  player.pause();
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(encodeWav(samples, RATE_HZ));
  byId('play').disabled = false;
  showPlayhead();
  readMoments(engine, samples, speaker, (moment) => {
    moments.push(moment);
    draw();
    if (moment.toS !== lengthS()) return;
    byId('waveform-text').textContent = `${description} ${describeMoments()}`;
    coloured.forEach((callback) => callback());
  });
}

/** The trace of the clip on the page, with the moments read so far. @returns {import('./trace-picture.js').Trace} */
export const clipTrace = () => ({ fromS: 0, lengthS: lengthS(), peak, reportAt: (seconds) => momentAt(seconds)?.report });

/** Draws it; again when colours or size change. */
export function draw() {
  const clip = { ...clipTrace(), marked: isShown('why') ? marked : undefined };
  if (recording || samples.length) drawTrace(byId('waveform'), recording ?? clip);
}

/** Draws a recording while it is made. @param {number} lengthS That it may have. */
export function beginRecording(lengthS) {
  levels = [];
  const peak = (/** @type {number} */ fromS, /** @type {number} */ toS) =>
    levels.reduce((highest, { seconds, level }) => (seconds > fromS && seconds <= toS ? Math.max(highest, level) : highest), 0);
  recording = { fromS: 0, lengthS, peak, reportAt: () => undefined };
  byId('playhead').hidden = true;
  draw();
}

/** @param {number} level 0 to 1 @param {number} seconds Since the recording began. */
export function addLevel(level, seconds) {
  levels.push({ seconds, level });
  requestAnimationFrame(draw);
}

/** Shows the clip of before again, until the recording is read. */
export function endRecording() {
  recording = undefined;
  draw();
}

/** @param {number} fromS @param {number} toS */
function peak(fromS, toS) {
  let highest = 0;
  for (let i = Math.floor(fromS * RATE_HZ); i < toS * RATE_HZ && i < samples.length; i += 1) {
    highest = Math.max(highest, Math.abs(samples[i]));
  }
  return highest / loudest;
}

/** Marks a span, or none. @param {number} [from] Seconds. @param {number} [to] */
export function markSpan(from, to) {
  marked = from === undefined || to === undefined ? undefined : [from, to];
  draw();
}

/** Stretches of one emotion, in a sentence. */
function describeMoments() {
  /** @type {{fromS: number, toS: number, text: string}[]} */ const stretches = [];
  for (const { fromS, toS, report } of moments) {
    const text = !report ? t('no speech') : report.certainty === 'unsure' ? t('hard to tell') : NAMES[report.label];
    const last = stretches.at(-1);
    if (last?.text === text) last.toS = toS;
    else stretches.push({ fromS, toS, text });
  }
  const list = stretches.map(({ fromS, toS, text }) => t('{from} to {to} s {what}', { from: decimal(fromS, 1), to: decimal(toS, 1), what: text }));
  return t('Moment by moment: {list}.', { list: list.join(', ') });
}

/** Says below the trace what was read at a time. @param {number} [seconds] */
function showMoment(seconds) {
  const moment = seconds === undefined ? undefined : momentAt(seconds);
  if (!moment) {
    byId('trace-moment').textContent = LEGEND;
    return;
  }
  const when = t('{at} s', { at: decimal(/** @type {number} */ (seconds), 1) });
  byId('trace-moment').textContent = moment.report ? `${when}: ${describeReading(moment.report).explained}` : `${when}: ${t('no speech')}`;
}

function showPlayhead() {
  const { currentTime, paused } = byId('player');
  byId('playhead').hidden = paused && currentTime === 0;
  byId('playhead').style.insetInlineStart = `${100 * Math.min(1, currentTime / Math.max(lengthS(), 1e-9))}%`;
  byId('play').classList.toggle('playing', !paused);
  byId('play').setAttribute('aria-label', paused ? t('Play what the model read') : t('Pause'));
  if (!paused) {
    showMoment(currentTime);
    requestAnimationFrame(showPlayhead);
  }
}

/** Plays a span of the clip. @param {number} from Seconds. @param {number} to */
export function playSpan(from, to) {
  const player = byId('player');
  const stop = () => {
    if (player.currentTime < to && !player.ended) return;
    player.pause();
    player.removeEventListener('timeupdate', stop);
  };
  player.currentTime = from;
  player.addEventListener('timeupdate', stop);
  player.play();
}

export function setUpTrace() {
  const player = byId('player');
  byId('play').addEventListener('click', () => (player.paused ? player.play() : player.pause()));
  player.addEventListener('play', showPlayhead);
  player.addEventListener('pause', showPlayhead);
  player.addEventListener('ended', () => {
    player.currentTime = 0;
    showMoment();
  });
  player.addEventListener('seeked', showPlayhead);
  const picture = byId('waveform');
  /** @param {PointerEvent | MouseEvent} event */
  const secondsAt = ({ offsetX }) => (offsetX / picture.clientWidth) * lengthS();
  picture.addEventListener('pointermove', (event) => showMoment(secondsAt(event)));
  picture.addEventListener('pointerleave', () => showMoment());
  picture.addEventListener('click', (event) => {
    if (samples.length) player.currentTime = secondsAt(event);
  });
  new ResizeObserver(draw).observe(picture);
  for (const view of ['reading', 'why', 'inside', 'models', 'speaker', 'save']) whenShown(view, draw);
}
