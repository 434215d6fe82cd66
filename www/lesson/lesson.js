// The lesson: a tour through clips of actors, everybody's guesses, the model's confusion matrix, a classifier that one voice teaches,
// and a sheet to print.

import { Engine } from '../engine/engine.js';
import { analyzeUrl } from '../engine/reading.js';
import { byId } from '../page/dom.js';
import { emblem } from '../page/emblems.js';
import { describeError } from '../page/errors.js';
import { setUpLanguage } from '../page/language.js';
import { translatePage } from '../page/text.js';
import { EMOTIONS, NAMES, speaker } from '../page/words.js';
import { addressOf } from './clip.js';
import { loadJson } from './load.js';
import { setUpMatrix } from './matrix.js';
import { setUpResults } from './results.js';
import { setUpExhibition, setUpModes } from './room.js';
import { clearTaught, setUpTeaching } from './teach.js';
import { LENGTH, setUpTour } from './tour.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** @typedef {import('./clip.js').LessonClip} LessonClip */
/**
 * @typedef {object} Lesson Shared by the parts of the lesson.
 * @property {Engine} engine
 * @property {LessonClip[]} clips
 * @property {(clip: LessonClip) => Promise<Reading>} analyze With the chosen model.
 * @property {(work: () => Promise<void>) => Promise<void>} attempt Shows the problem if it fails.
 */

translatePage();
setUpLanguage();
setUpModes();
for (const input of byId('guesses').querySelectorAll('input')) {
  const emotion = /** @type {import('../engine/types.d.ts').Emotion} */ (input.value);
  /** @type {HTMLElement} */ (input.parentElement).dataset.emotion = emotion;
  input.after(emblem(emotion));
}

/** @param {() => Promise<void>} work */
async function attempt(work) {
  byId('problem').hidden = true;
  try {
    await work();
  } catch (error) {
    byId('problem').textContent = describeError(error);
    byId('problem').hidden = false;
  }
}

await attempt(async () => {
  const engine = new Engine(byId('model').value);
  /** @type {LessonClip[]} */ const clips = await loadJson('clips.json');
  /** @type {Lesson['analyze']} */ const analyze = (clip) => analyzeUrl(engine, addressOf(clip));
  const lesson = { engine, clips, analyze, attempt };
  const startTour = setUpTour(lesson);
  setUpResults(lesson);
  setUpMatrix(lesson);
  layOutSheet(clips.slice(0, LENGTH));
  setUpExhibition(() => {
    byId('problem').hidden = true;
    byId('cell').replaceChildren();
    clearTaught();
    if (byId('model').selectedIndex > 0) {
      byId('model').selectedIndex = 0;
      byId('model').dispatchEvent(new Event('change'));
    }
    startTour();
    scrollTo(0, 0);
  });
  await setUpTeaching();
});

/** @param {LessonClip[]} clips */
function layOutSheet(clips) {
  byId('sheet-emotions').textContent = EMOTIONS.map((emotion) => NAMES[emotion]).join(', ');
  byId('sheet-rows').replaceChildren(...clips.map((clip, index) => {
    const row = document.createElement('tr');
    for (const text of [String(index + 1), speaker(clip), '', '', '', '']) row.insertCell().textContent = text;
    return row;
  }));
  byId('print').addEventListener('click', () => print());
}
