// The microphone as it comes in: the last seconds are read again and again, and no sound is kept beyond them.

import { EngineError } from '../engine/engine-error.js';
import { peaksOf } from '../engine/follow.js';
import { Recorder } from './recorder.js';
import { t, translated } from './text.js';
import * as timeline from './timeline.js';
import { EMOTIONS } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {{engine: Engine, complain: (text: string) => void, announce: (text: string) => void,
 * warnMuted: (isMuted: boolean) => void}} Page */

/** What the models hear at once. */
const WINDOW_S = 4;
/** Seconds from one reading to the next; on slow machines as many as a reading takes. */
const STEP_S = 0.5;
/** How much a reading counts beside those before it. */
const WEIGHT = 0.5;
/** Shorter than this is not worth a reading. */
const LEAST_S = 1;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @type {Recorder | undefined} */
let recorder;
let isStarting = false;
/** @type {Report | undefined} */ let before;
let count = 0;
let readUntilS = 0;
let isReading = false;

export const isLive = () => recorder !== undefined || isStarting;

/** @param {Page} page @param {() => void} begin Makes room: what else is on the page ends. */
export function setUpLive(page, begin) {
  byId('live-stop').addEventListener('click', () => end(page));
  byId('live').addEventListener('click', async () => {
    if (recorder) return end(page);
    if (isStarting) return;
    isStarting = true;
    try {
      begin();
      const started = await Recorder.start((_level, _seconds, isMuted) => {
        page.warnMuted(isMuted);
        hear(page);
      }, () => end(page), WINDOW_S);
      before = undefined;
      count = 0;
      readUntilS = 0;
      recorder = started;
      timeline.begin(t('Live'), STEP_S, true);
      showLive(true);
      byId('timeline-title').focus();
      page.announce(t('Listening to the microphone. What it sounds like appears below, twice a second.'));
    } catch (error) {
      page.complain(error instanceof EngineError ? translated(error.message)
        : t('The microphone could not be started in this browser. Choose a file instead.'));
    } finally {
      isStarting = false;
    }
  });
}

/** Gives the microphone back. @returns {Promise<boolean>} Whether it was on. */
export async function stopLive() {
  const ended = recorder;
  recorder = undefined;
  if (!ended) return false;
  showLive(false);
  await ended.stop();
  return true;
}

/** @param {Page} page */
async function end(page) {
  if (!await stopLive()) return;
  timeline.finish(true);
  byId('timeline-title').focus();
  page.announce(t('The microphone is off.'));
}

/** @param {boolean} live */
function showLive(live) {
  byId('live').classList.toggle('recording', live);
  byId('live-label').textContent = live ? t('Stop') : t('Follow live');
  byId('record').disabled = live;
  byId('live-stop').hidden = !live;
  if (!live) byId('live-behind').textContent = '';
}

/** More has come in. @param {Page} page */
async function hear(page) {
  const current = recorder;
  // What comes in while a reading is made is read with the next.
  if (!current || isReading || current.seconds < Math.max(LEAST_S, readUntilS + STEP_S)) return;
  isReading = true;
  const endS = current.seconds;
  const heardAt = performance.now();
  readUntilS = endS;
  const { samples, rateHz } = current.latest();
  try {
    const report = await page.engine.ask({ type: 'window', samples, rateHz });
    if (recorder !== current) return;
    before = report && smooth(report, before);
    const startS = endS - samples.length / rateHz;
    timeline.put({ startS, endS, report: before, peaks: peaksOf(samples.subarray(-STEP_S * rateHz), rateHz) }, count);
    count += 1;
    byId('live-behind').textContent = t('Shown {late} ms after it was heard.', { late: Math.round(performance.now() - heardAt) });
  } catch (error) {
    if (!(error instanceof EngineError)) console.error(error);
    page.complain(error instanceof EngineError ? translated(error.message) : String(error));
    end(page);
  } finally {
    isReading = false;
  }
}

/** A reading beside those before it. Where they do not agree, it is unsure.
 * @param {Report} report @param {Report | undefined} before @returns {Report} */
function smooth(report, before) {
  if (!before) return report;
  const probabilities = Object.fromEntries(EMOTIONS.map((emotion) =>
    [emotion, WEIGHT * report.probabilities[emotion] + (1 - WEIGHT) * before.probabilities[emotion]]));
  const label = EMOTIONS.reduce((best, emotion) => (probabilities[emotion] > probabilities[best] ? emotion : best));
  return { ...report, probabilities, label, certainty: label === report.label ? report.certainty : 'unsure' };
}
