// The lesson: a tour through clips of actors, where the model goes wrong, and a sheet to print.

import { EngineError } from '../engine/engine-error.js';
import { Engine } from '../engine/engine.js';
import { readAt } from '../engine/reading.js';
import { t, translatePage, translated } from '../page/text.js';
import { setUpLanguage } from '../page/language.js';
import { EMOTIONS, NAMES, speaker } from '../page/words.js';
import { addressOf } from './clip.js';
import { setUpMatrix } from './matrix.js';
import { LENGTH, setUpTour } from './tour.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** @typedef {import('./clip.js').LessonClip} LessonClip */
/**
 * @typedef {object} Lesson What the parts of the lesson share.
 * @property {Engine} engine
 * @property {LessonClip[]} clips
 * @property {(clip: LessonClip) => Promise<Reading>} read With the model that is chosen.
 * @property {(work: () => Promise<void>) => Promise<void>} attempt Complains in words if it fails.
 */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

translatePage();
setUpLanguage();

/** @param {() => Promise<void>} work */
async function attempt(work) {
  byId('problem').hidden = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof EngineError)) console.error(error);
    byId('problem').textContent = error instanceof EngineError ? translated(error.message)
      : t('Something went wrong that should not have. Reload the page and try again.');
    byId('problem').hidden = false;
  }
}

await attempt(async () => {
  const engine = new Engine(byId('model').value);
  const response = await fetch(new URL('clips.json', import.meta.url)).catch(() => undefined);
  if (!response?.ok) throw new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');
  /** @type {LessonClip[]} */ const clips = await response.json();
  /** @type {Lesson['read']} */ const read = (clip) => readAt(engine, addressOf(clip));
  const lesson = { engine, clips, read, attempt };
  setUpTour(lesson);
  setUpMatrix(lesson);
  layOutSheet(clips.slice(0, LENGTH));
});

/** @param {LessonClip[]} clips */
function layOutSheet(clips) {
  byId('sheet-emotions').textContent = EMOTIONS.map((emotion) => NAMES[emotion]).join(', ');
  byId('sheet-rows').replaceChildren(...clips.map((clip, place) => {
    const row = document.createElement('tr');
    for (const text of [String(place + 1), speaker(clip), '', '', '', '']) row.insertCell().textContent = text;
    return row;
  }));
  byId('print').addEventListener('click', () => print());
}
