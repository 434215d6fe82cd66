// A button that records from the microphone until it is pressed again, or for as long as the models' input is, and has it read.

import { engineOf } from '../engine/engines.js';
import { RECORD_S, Recorder } from '../page/recorder.js';
import { t } from '../page/text.js';
import { describeError } from './describe-error.js';
import { embedReading } from './embed-reading.js';

/** @param {HTMLButtonElement} button
 * @param {{model: () => string | undefined, check: (event: MouseEvent) => void, send: import('./element.js').OnRecord}} options
 * `check` throws if it must not start. @returns {() => void} Gives up the recording in progress: nothing is read. */
export function setUpRecordButton(button, { model, check, send }) {
  /** Stops the recording in progress. @type {(() => void) | undefined} */ let stop;
  let isCancelled = false;
  button.textContent = t('Record');
  button.addEventListener('click', async (event) => {
    if (!event.isTrusted) return;
    if (stop) return stop();
    try {
      check(event);
      isCancelled = false;
      send({ type: 'recording' });
      // Loads during the recording.
      const engine = engineOf(model(), (share) => send({ type: 'progress', share }));
      const recorded = await record();
      if (isCancelled) return;
      // One recording at a time.
      button.disabled = true;
      send({ type: 'answer', answer: embedReading(await engine.ask({ type: 'samples', ...recorded })) });
    } catch (error) {
      send({ type: 'error', ...describeError(error) });
    } finally {
      button.disabled = false;
    }
  });

  /** Records until it is stopped or long enough. */
  async function record() {
    const ended = new Promise((resolve) => { stop = () => resolve(undefined); });
    button.textContent = t('Stop');
    try {
      const recorder = await Recorder.start((level, seconds, muted) => {
        send({ type: 'progress', level, seconds, muted });
        if (seconds >= RECORD_S) stop?.();
      }, () => stop?.());
      await ended;
      return await recorder.stop();
    } finally {
      stop = undefined;
      button.textContent = t('Record');
    }
  }

  return () => {
    isCancelled = true;
    stop?.();
  };
}
