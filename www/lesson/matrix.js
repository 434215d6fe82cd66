// The model's confusion matrix, with the lesson's clips behind its cells.

import { byId } from '../page/dom.js';
import { t } from '../page/text.js';
import { EMOTIONS, NAMES, speaker } from '../page/words.js';
import { playerOf } from './clip.js';
import { heading } from './table.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */
/** @typedef {import('./clip.js').LessonClip} LessonClip */

/** @param {Lesson} lesson */
export function setUpMatrix(lesson) {
  const { engine, attempt } = lesson;
  byId('model').addEventListener('change', () => attempt(async () => {
    byId('matrix').setAttribute('aria-busy', 'true');
    await engine.use(byId('model').value, () => {});
    await draw(lesson);
  }));
  // It analyzes all clips, so it waits until the matrix is in view.
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    attempt(() => draw(lesson));
  });
  observer.observe(byId('matrix'));
}

/** @param {Lesson} lesson */
async function draw({ engine, clips, analyze }) {
  const { metrics } = await engine.manifest();
  byId('cell').textContent = t('Listening.');
  const predicted = await Promise.all(clips.map(async (clip) => (await analyze(clip)).report.label));
  byId('cell').replaceChildren();
  byId('matrix').replaceChildren(head(), ...metrics.confusion.map((counts, row) => {
    const tableRow = document.createElement('tr');
    tableRow.append(heading(NAMES[EMOTIONS[row]], 'row'));
    counts.forEach((count, column) => {
      const matching = clips.filter((clip, i) => clip.acted === EMOTIONS[row] && predicted[i] === EMOTIONS[column]);
      const cell = tableRow.insertCell();
      cell.className = row === column ? 'right' : '';
      cell.append(matching.length ? button(count, EMOTIONS[row], EMOTIONS[column], matching) : String(count));
    });
    return tableRow;
  }));
  byId('matrix').removeAttribute('aria-busy');
}

function head() {
  const tableRow = document.createElement('tr');
  tableRow.append(heading(t('asked for ↓, said →'), 'col'), ...EMOTIONS.map((emotion) => heading(NAMES[emotion], 'col')));
  return tableRow;
}

/** @param {number} count @param {string} acted @param {string} predicted @param {LessonClip[]} clips */
function button(count, acted, predicted, clips) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = String(count);
  const values = { acted: NAMES[acted], predicted: NAMES[predicted], count, playable: clips.length };
  button.setAttribute('aria-label', t('{count} clips: asked for {acted}, the model said {predicted}; play {playable} of them', values));
  button.addEventListener('click', () => {
    const title = document.createElement('p');
    title.textContent = t('Asked for {acted}, the model said {predicted} in {count} clips. Here are {playable}:', values);
    const list = document.createElement('ul');
    list.append(...clips.map((clip) => {
      const item = document.createElement('li');
      item.append(t('{speaker}. Most listeners chose: {chosen}.', { speaker: speaker(clip), chosen: clip.perceived.map((emotion) => NAMES[emotion]).join(', ') }), playerOf(clip, speaker(clip)));
      return item;
    }));
    byId('cell').replaceChildren(title, list);
  });
  return button;
}
