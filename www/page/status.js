// Short messages on the page: status, announcements for screen readers, problems and warnings.

import { byId } from './dom.js';
import { describeError } from './errors.js';
import { MUTED } from './words.js';

/** Says above the result what is going on. @param {string} text */
export const showStatus = (text) => { if (byId('status').textContent !== text) byId('status').textContent = text; };

/** Tells a screen reader what others see. @param {string} text */
export const announce = (text) => { byId('announcement').textContent = text; };

/** @param {string} text Empty hides it. */
export function showProblem(text) {
  byId('problem').textContent = text;
  byId('problem').hidden = !text;
  // It was about an earlier recording.
  if (!text) warnMuted(false);
}

/** Says why the CPU has taken over from the GPU; stays until the GPU is used again. @param {string} text Empty hides it. */
export function showBackend(text) {
  byId('backend').textContent = text;
  byId('backend').hidden = !text;
}

/** Warns while the microphone gives no sound. @param {boolean} isMuted */
export function warnMuted(isMuted) {
  const warning = byId('muted');
  if (warning.hidden !== isMuted) return;
  warning.textContent = isMuted ? MUTED : '';
  warning.hidden = !isMuted;
}

/** @param {boolean} isBusy */
export function setBusy(isBusy) {
  byId('progress').hidden = !isBusy;
  byId('result').setAttribute('aria-busy', String(isBusy));
}

/** Does some work other than an analysis; shows the problem if it fails. @param {() => Promise<void>} work */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    showProblem(describeError(error));
  }
}
