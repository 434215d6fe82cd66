// The button that records from the microphone.

import { analyzeAndShow, clearPrevious } from './analysis.js';
import { byId } from './dom.js';
import { describeMicrophoneError } from './errors.js';
import { isLive } from './live.js';
import { noteRecording } from './privacy.js';
import { RECORD_S, Recorder } from './recorder.js';
import { showProblem, showStatus, warnMuted } from './status.js';
import { t } from './text.js';
import { addLevel, beginRecording, endRecording } from './trace.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */

/** A shorter recording is a slip of the finger. */
const MIN_RECORD_S = 0.3;

/** @type {Recorder | undefined} */
let recorder;
let isStarting = false;

/** @param {Engine} engine */
export function setUpRecording(engine) {
  byId('record').addEventListener('click', () => {
    if (isStarting || isLive()) return;
    if (recorder) stopRecording(engine);
    else startRecording(engine);
  });
}

/** @param {boolean} isRecording */
function showRecording(isRecording) {
  byId('record').classList.toggle('recording', isRecording);
  byId('record-label').textContent = isRecording ? t('Stop') : t('Record');
  byId('meter').classList.toggle('on', isRecording);
  byId('level').style.width = '0';
}

/** @param {Engine} engine */
async function startRecording(engine) {
  showProblem('');
  isStarting = true;
  try {
    recorder = await Recorder.start((level, seconds, isMuted) => {
      warnMuted(isMuted);
      // A perceptual scale: -50 dB is empty, full scale is full.
      byId('level').style.width = `${Math.max(0, 100 + 40 * Math.log10(Math.max(level, 1e-5)))}%`;
      addLevel(level, seconds);
      if (seconds >= RECORD_S) stopRecording(engine);
    }, () => stopRecording(engine));
    beginRecording(RECORD_S);
    showRecording(true);
    showStatus(t('Recording. Speak now; it stops by itself.'));
  } catch (error) {
    showStatus('');
    showProblem(describeMicrophoneError(error));
  } finally {
    isStarting = false;
  }
}

/** @param {Engine} engine */
async function stopRecording(engine) {
  const current = recorder;
  recorder = undefined;
  if (!current) return;
  showRecording(false);
  endRecording();
  const { samples, rateHz } = await current.stop();
  if (samples.length < MIN_RECORD_S * rateHz) {
    showProblem(t('That was too short to read. Press Record, speak for two seconds or more, then stop.'));
    showStatus('');
    return;
  }
  clearPrevious();
  noteRecording();
  showStatus(t('Listening.'));
  await analyzeAndShow(engine, { source: t('Your recording'), own: Symbol('a recording') },
    (engine, speaker) => engine.ask({ type: 'samples', samples, rateHz, speaker }));
}
