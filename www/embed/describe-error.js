// Errors for embedding pages.

import { translated } from '../page/text.js';

/** @typedef {import('../engine/engine-error.js').EngineError} EngineError */

/** @param {unknown} error @returns {{code: string, message: string}} For people; unexpected errors go to the console. */
export function describeError(error) {
  // The element's errors have a code, too, but not this class.
  const isExpected = error instanceof Error && 'code' in error && typeof error.code === 'string';
  if (!isExpected) console.error(error);
  const { code, message } = isExpected ? /** @type {EngineError} */ (error)
    : { code: 'unexpected', message: 'Something went wrong that should not have. Reload the page and try again.' };
  return { code, message: translated(message) };
}
