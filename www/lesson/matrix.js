// What a model says of each emotion that actors were asked for, and the clips behind it.

import { EMOTIONS, NAMES, speaker } from '../page/words.js';
import { t } from '../page/text.js';
import { addressOf } from './clip.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */
/** @typedef {import('./clip.js').LessonClip} LessonClip */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {Lesson} lesson */
export function setUpMatrix(lesson) {
  const { engine, attempt } = lesson;
  byId('model').addEventListener('change', () => attempt(async () => {
    byId('matrix').setAttribute('aria-busy', 'true');
    await engine.use(byId('model').value, () => {});
    await draw(lesson);
  }));
  // All clips are read for it: not before somebody gets there.
  const waiting = new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    waiting.disconnect();
    attempt(() => draw(lesson));
  });
  waiting.observe(byId('matrix'));
}

/** @param {Lesson} lesson */
async function draw({ engine, clips, read }) {
  const { metrics } = await engine.manifest();
  byId('cell').textContent = t('Listening.');
  // As this model reads them in this tab, now.
  const said = await Promise.all(clips.map(async (clip) => (await read(clip)).report.label));
  byId('cell').replaceChildren();
  byId('matrix').replaceChildren(head(), ...metrics.confusion.map((counts, row) => {
    const line = document.createElement('tr');
    line.append(heading(NAMES[EMOTIONS[row]], 'row'));
    counts.forEach((count, column) => {
      const behind = clips.filter((clip, i) => clip.acted === EMOTIONS[row] && said[i] === EMOTIONS[column]);
      const cell = line.insertCell();
      cell.className = row === column ? 'right' : '';
      cell.append(behind.length ? button(count, EMOTIONS[row], EMOTIONS[column], behind) : String(count));
    });
    return line;
  }));
  byId('matrix').removeAttribute('aria-busy');
}

function head() {
  const line = document.createElement('tr');
  line.append(heading(t('asked for ↓, said →'), 'col'), ...EMOTIONS.map((emotion) => heading(NAMES[emotion], 'col')));
  return line;
}

/** @param {string} text @param {string} scope */
function heading(text, scope) {
  const cell = document.createElement('th');
  cell.scope = scope;
  cell.textContent = text;
  return cell;
}

/** @param {number} count @param {string} acted @param {string} said @param {LessonClip[]} clips */
function button(count, acted, said, clips) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = String(count);
  const values = { acted: NAMES[acted], said: NAMES[said], count, heard: clips.length };
  button.setAttribute('aria-label', t('{count} clips: asked for {acted}, the model said {said}; hear {heard} of them', values));
  button.addEventListener('click', () => {
    const title = document.createElement('p');
    title.textContent = t('Asked for {acted}, the model said {said} in {count} clips. Here are {heard}:', values);
    const list = document.createElement('ul');
    list.append(...clips.map((clip) => {
      const item = document.createElement('li');
      const player = document.createElement('audio');
      player.controls = true;
      player.src = addressOf(clip).href;
      player.setAttribute('aria-label', speaker(clip));
      item.append(t('{speaker}. Most listeners heard: {heard}.', { speaker: speaker(clip), heard: clip.heard.map((emotion) => NAMES[emotion]).join(', ') }), player);
      return item;
    }));
    byId('cell').replaceChildren(title, list);
  });
  return button;
}
