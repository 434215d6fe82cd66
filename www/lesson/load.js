// Data of the lesson.

import { EngineError } from '../engine/engine-error.js';
import { fileAt } from '../engine/files.js';

/** @param {string} file In the folder of this script. @returns {Promise<any>} */
export async function loadJson(file) {
  const response = await fetch(fileAt(`www/lesson/${file}`)).catch(() => undefined);
  if (!response?.ok) throw new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');
  return response.json();
}
