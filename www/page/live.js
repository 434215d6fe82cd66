// Follows the microphone live: the last seconds are analyzed again and again, and no audio is kept beyond them.

import { EngineError } from '../engine/engine-error.js';
import { peaksOf } from '../engine/follow.js';
import { byId } from './dom.js';
import { describeMicrophoneError } from './errors.js';
import { Recorder } from './recorder.js';
import { referenceFor } from './same-speaker.js';
import { announce, attempt, showProblem, warnMuted } from './status.js';
import { t, translated } from './text.js';
import * as timeline from './timeline.js';
import { EMOTIONS } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Report} Report */

/** Length of the models' input. */
const WINDOW_S = 4;
/** Seconds from one reading to the next; on slow machines, as long as an analysis takes. */
const STEP_S = 0.5;
/** Weight of the latest reading in the moving average. */
const WEIGHT = 0.5;
/** Less audio than this is not analyzed. */
const MIN_S = 1;

/** @type {Recorder | undefined} */
let recorder;
let isStarting = false;
/** The speaker reference, as JSON text. @type {string | undefined} */ let speaker;
/** Moving average so far. @type {Report | undefined} */ let average;
let count = 0;
let analyzedUntilS = 0;
let isAnalyzing = false;

export const isLive = () => recorder !== undefined || isStarting;

/** @param {Engine} engine @param {() => void} clear Removes what else is on the page. */
export function setUpLive(engine, clear) {
  byId('live-stop').addEventListener('click', () => end(engine));
  byId('live').addEventListener('click', async () => {
    if (recorder) return end(engine);
    if (isStarting) return;
    isStarting = true;
    try {
      clear();
      speaker = await referenceFor(engine);
      const started = await Recorder.start((_level, _seconds, isMuted) => {
        warnMuted(isMuted);
        analyzeLatest(engine);
      }, () => end(engine), WINDOW_S);
      average = undefined;
      count = 0;
      analyzedUntilS = 0;
      recorder = started;
      timeline.begin(t('Live'), STEP_S, true);
      showLive(true);
      byId('timeline-title').focus();
      announce(t('Listening to the microphone. What it sounds like appears below, twice a second.'));
    } catch (error) {
      showProblem(describeMicrophoneError(error));
    } finally {
      isStarting = false;
    }
  });
}

/** Releases the microphone. @returns {Promise<boolean>} Whether it was on. */
export async function stopLive() {
  const ended = recorder;
  recorder = undefined;
  if (!ended) return false;
  showLive(false);
  await ended.stop();
  return true;
}

/** @param {Engine} engine */
async function end(engine) {
  if (!await stopLive()) return;
  attempt(() => timeline.finish(engine, true));
  byId('timeline-title').focus();
  announce(t('The microphone is off.'));
}

/** @param {boolean} live */
function showLive(live) {
  byId('live').classList.toggle('recording', live);
  byId('live-label').textContent = live ? t('Stop') : t('Follow live');
  byId('record').disabled = live;
  byId('live-stop').hidden = !live;
  if (!live) byId('live-behind').textContent = '';
}

/** Analyzes the latest audio if enough of it is new. @param {Engine} engine */
async function analyzeLatest(engine) {
  const current = recorder;
  // Audio that arrives during an analysis is part of the next one.
  if (!current || isAnalyzing || current.seconds < Math.max(MIN_S, analyzedUntilS + STEP_S)) return;
  isAnalyzing = true;
  const endS = current.seconds;
  const recordedAt = performance.now();
  analyzedUntilS = endS;
  const { samples, rateHz } = current.latest();
  try {
    const { report, enrolment } = await engine.ask({ type: 'enrolWindow', samples, rateHz, speaker }) ?? {};
    if (recorder !== current) return;
    average = report && smooth(report, average);
    timeline.addMoment({ start_s: endS - samples.length / rateHz, end_s: endS, report: average, peaks: peaksOf(samples.subarray(-STEP_S * rateHz), rateHz) }, count, enrolment);
    count += 1;
    byId('live-behind').textContent = t('Shown {late} ms after it was recorded.', { late: Math.round(performance.now() - recordedAt) });
  } catch (error) {
    if (!(error instanceof EngineError)) console.error(error);
    showProblem(error instanceof EngineError ? translated(error.message) : String(error));
    end(engine);
  } finally {
    isAnalyzing = false;
  }
}

/** Exponential moving average of the probabilities; unsure where its label is not that of the latest reading.
 * @param {Report} report @param {Report | undefined} average @returns {Report} */
function smooth(report, average) {
  if (!average) return report;
  /** @type {any} */ const probabilities = Object.fromEntries(EMOTIONS.map((emotion) =>
    [emotion, WEIGHT * report.probabilities[emotion] + (1 - WEIGHT) * average.probabilities[emotion]]));
  const label = EMOTIONS.reduce((best, emotion) => (probabilities[emotion] > probabilities[best] ? emotion : best));
  return { ...report, probabilities, label, certainty: label === report.label ? report.certainty : 'unsure' };
}
