// The guesses of everybody who took part, without names: a table, and a file that those of other devices can be added to.

import { byId } from '../page/dom.js';
import { saveAs } from '../page/download.js';
import { t } from '../page/text.js';
import { EMOTIONS, NAMES, speaker } from '../page/words.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */
/** @typedef {import('./clip.js').LessonClip} LessonClip */
/** A guess at a clip. `round` stands for somebody's tour, `model` is a name; the other values are emotions, `perceived` may be several.
 * @typedef {{round: string, clip: string, acted: string, perceived: string, predicted: string, model: string, guess: string}} Guess */

/** @type {(keyof Guess)[]} */
const COLUMNS = ['round', 'clip', 'acted', 'perceived', 'predicted', 'model', 'guess'];

/** @type {Guess[]} */
let guesses = [];
/** Guesses of this device cannot be mistaken for those of another. */
const device = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);

/** @param {number} number */
const roundOf = (number) => `${device}-${number}`;

/** The clip's name in files. @param {LessonClip} clip */
const nameOf = ({ file }) => (file.split('/').at(-1) ?? '').replace(/\.[^.]*$/, '');

/** @param {Lesson} lesson */
export function setUpResults({ clips, attempt }) {
  byId('results-save').addEventListener('click', () => saveAs('guesses.csv', asCsv(), 'text/csv'));
  byId('results-clear').addEventListener('click', () => {
    guesses = [];
    show(clips);
    byId('results-title').focus();
  });
  byId('results-add').addEventListener('change', () => attempt(async () => {
    const files = [...byId('results-add').files ?? []];
    byId('results-add').value = '';
    const unread = [];
    for (const file of files) {
      const parsed = parse(await file.text(), clips);
      if (parsed) parsed.forEach(add);
      else unread.push(t('{name} has no guesses of this lesson. Choose a file that it saved.', { name: file.name }));
    }
    show(clips);
    if (unread.length) byId('results-summary').textContent += ` ${unread.join(' ')}`;
  }));
  show(clips);
}

/** @param {LessonClip[]} clips @param {number} round @param {LessonClip} clip @param {string} guess
 * @param {import('../engine/types.d.ts').Report} report Of the clip. */
export function addGuess(clips, round, clip, guess, { label, model }) {
  add({ round: roundOf(round), clip: nameOf(clip), acted: clip.acted, perceived: clip.perceived.join(' '), predicted: label, model, guess });
  show(clips);
}

/** @param {Guess} guess */
function add(guess) {
  guesses = [...guesses.filter(({ round, clip }) => round !== guess.round || clip !== guess.clip), guess];
}

const asCsv = () => [COLUMNS, ...guesses.map((guess) => COLUMNS.map((column) => guess[column]))].map((row) => `${row.join(',')}\n`).join('');

/** @param {string} text @param {LessonClip[]} clips @returns {Guess[] | undefined} None if it is no file of this lesson. */
function parse(text, clips) {
  const [head, ...rows] = text.trim().split(/\r?\n/);
  const known = new Set(clips.map(nameOf));
  const parsed = rows.map((row) => /** @type {Guess} */ (Object.fromEntries(row.split(',').map((value, i) => [COLUMNS[i], value]))));
  const isGuess = (/** @type {Guess} */ { round, clip, guess }) =>
    /^\w+-\d+$/.test(round) && known.has(clip) && EMOTIONS.some((emotion) => emotion === guess);
  return head === COLUMNS.join(',') && parsed.every(isGuess) ? parsed : undefined;
}

/** @param {LessonClip[]} clips */
function show(clips) {
  const rounds = new Set(guesses.map(({ round }) => round)).size;
  byId('results-summary').textContent = guesses.length
    ? t('Guesses: {guesses}. Rounds: {rounds}.', { guesses: guesses.length, rounds }) : t('No guesses yet.');
  byId('results-save').disabled = !guesses.length;
  byId('results-clear').disabled = !guesses.length;
  byId('results-table').hidden = !guesses.length;
  byId('results-rows').replaceChildren(...clips.flatMap((clip) => {
    const ofClip = guesses.filter((guess) => guess.clip === nameOf(clip));
    return ofClip.length ? [rowOf(clip, ofClip)] : [];
  }));
}

/** @param {LessonClip} clip @param {Guess[]} ofClip */
function rowOf(clip, ofClip) {
  const counts = EMOTIONS.map((emotion) => ({ emotion, count: ofClip.filter(({ guess }) => guess === emotion).length }))
    .filter(({ count }) => count).sort((a, b) => b.count - a.count);
  const predicted = [...new Set(ofClip.map(({ predicted }) => NAMES[predicted]))];
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = speaker(clip);
  row.append(head);
  for (const text of [
    counts.map(({ emotion, count }) => `${NAMES[emotion]} ${count}`).join(', '),
    NAMES[clip.acted], clip.perceived.map((emotion) => NAMES[emotion]).join(', '), predicted.join(', '),
  ]) row.insertCell().textContent = text;
  return row;
}
