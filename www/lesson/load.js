// Data of the lesson.

import { EngineError } from '../engine/engine-error.js';

/** @param {string} file In the folder of this script. @returns {Promise<any>} */
export async function loadJson(file) {
  const response = await fetch(new URL(file, import.meta.url)).catch(() => undefined);
  if (!response?.ok) throw new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');
  return response.json();
}
