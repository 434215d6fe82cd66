// The microphone where classes are taught and tried: one button at a time.

import { describeMicrophoneError } from './errors.js';
import { noteRecording } from './privacy.js';
import { RECORD_S, Recorder } from './recorder.js';
import { attempt, showProblem, warnMuted } from './status.js';
import { decimal, t } from './text.js';

/** @typedef {import('./recorder.js').Recorded} Recorded */

/** A shorter recording is a slip of the finger. */
const MIN_RECORD_S = 0.5;
/** Seconds that are heard at once live, and from one time to the next. */
const WINDOW_S = 2;
const STEP_S = 0.5;

/** Ends what is in progress. @type {(() => Promise<void>) | undefined} */
let stop;
let isStarting = false;

/** Ends what is in progress. */
export const stopMicrophone = () => { stop?.(); };

/** Records until the button is pressed again, or the recording is as long as the models' input.
 * @param {HTMLButtonElement} pressed @param {(recorded: Recorded) => Promise<void>} use What to do with the recording. */
export async function record(pressed, use) {
  if (stop) return stop();
  await start(pressed, Infinity, async (recorder) => {
    if (recorder.seconds >= RECORD_S) await stop?.();
  }, async (recorded) => {
    if (recorded.samples.length >= MIN_RECORD_S * recorded.rateHz) await use(recorded);
    else showProblem(t('That was too short to read. Press Record, speak for two seconds or more, then stop.'));
  });
}

/** Starts the microphone; the button then stops it.
 * @param {HTMLButtonElement} pressed @param {number} keepS Seconds after which audio is dropped.
 * @param {(recorder: Recorder) => Promise<void>} onAudio @param {(recorded: Recorded) => Promise<void>} onEnd */
async function start(pressed, keepS, onAudio, onEnd) {
  if (isStarting) return;
  isStarting = true;
  showProblem('');
  const label = pressed.textContent;
  try {
    const recorder = await Recorder.start((_level, seconds, isMuted) => {
      if (!stop) return;
      warnMuted(isMuted);
      pressed.textContent = t('Stop, {seconds} s', { seconds: decimal(seconds, 1) });
      attempt(() => onAudio(recorder));
    }, () => stop?.(), keepS);
    pressed.classList.add('recording');
    noteRecording();
    stop = async () => {
      stop = undefined;
      warnMuted(false);
      pressed.classList.remove('recording');
      pressed.textContent = label;
      const recorded = await recorder.stop();
      await attempt(() => onEnd(recorded));
    };
  } catch (error) {
    showProblem(describeMicrophoneError(error));
  } finally {
    isStarting = false;
  }
}

/** Listens until the button is pressed again: gives the last seconds again and again.
 * @param {HTMLButtonElement} pressed @param {(latest: Recorded) => Promise<void>} use */
export async function listen(pressed, use) {
  if (stop) return stop();
  let isUsing = false;
  let heardS = 0;
  await start(pressed, WINDOW_S, async (recorder) => {
    if (isUsing || recorder.seconds < Math.max(1, heardS + STEP_S)) return;
    isUsing = true;
    heardS = recorder.seconds;
    await use(recorder.latest()).finally(() => { isUsing = false; });
  }, async () => {});
}
