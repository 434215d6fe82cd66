// Errors in words for people.

import { EngineError } from '../engine/engine-error.js';
import { t, translated } from './text.js';

/** The sentence of an `EngineError`; unexpected errors go to the console. @param {unknown} error @returns {string} */
export function describeError(error) {
  if (error instanceof EngineError) return translated(error.message);
  console.error(error);
  return t('Something went wrong that should not have. Reload the page and try again.');
}

/** Why the microphone did not start. @param {unknown} error @returns {string} */
export const describeMicrophoneError = (error) => (error instanceof EngineError ? translated(error.message)
  : t('The microphone could not be started in this browser. Choose a file instead.'));
