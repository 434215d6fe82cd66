// The second lesson: a few clips of one actor teach a classifier, which is then tried on others of that actor, and on another's.

import { Engine } from '../engine/engine.js';
import { analyzeUrl } from '../engine/reading.js';
import { byId } from '../page/dom.js';
import { describeError } from '../page/errors.js';
import { t } from '../page/text.js';
import { NAMES, voice } from '../page/words.js';
import { addressOf, playerOf } from './clip.js';
import { loadJson } from './load.js';
import { heading } from './table.js';

/** A voice with its clips of each emotion: paths relative to this script.
 * @typedef {{sex: 'female' | 'male', age: number, clips: Record<string, {teach: string[], test: string[]}>}} Voice */
/** What a classifier said of a clip. @typedef {{file: string, acted: string, said: string}} Tested */

/** The only model that can be taught. */
const MODEL = 'voice';
/** Names of the voices. */
const LETTERS = 'AB';

export async function setUpTeaching() {
  /** @type {Voice[]} */ const voices = await loadJson('teach.json');
  const headings = (/** @type {string} */ scope) => voices.map((one, index) => heading(t('Voice {letter}: {voice}', { letter: LETTERS[index], voice: voice(one) }), scope));
  byId('taught-head').replaceChildren(heading(t('taught by ↓, tried on →'), 'col'), ...headings('col'));
  byId('taught-rows').replaceChildren(...headings('row').map((title) => {
    const row = document.createElement('tr');
    row.append(title, ...voices.map(() => document.createElement('td')));
    return row;
  }));
  byId('teach-voices').replaceChildren(...voices.map((_, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = t('Teach it with voice {letter}', { letter: LETTERS[index] });
    button.addEventListener('click', async () => {
      const buttons = byId('teach-voices').querySelectorAll('button');
      buttons.forEach((other) => { other.disabled = true; });
      byId('taught-said').textContent = t('Listening.');
      await teach(voices, index).catch((error) => { byId('taught-said').textContent = describeError(error); });
      buttons.forEach((other) => { other.disabled = false; });
      button.focus();
    });
    return button;
  }));
  clearTaught();
}

/** Empties the table. */
export function clearTaught() {
  for (const cell of byId('taught-rows').querySelectorAll('td')) cell.textContent = '–';
  byId('taught-said').textContent = t('Choose the voice that teaches.');
  byId('taught-clips').replaceChildren();
}

/** Teaches a classifier by a voice, and tries it on all. @param {Voice[]} voices @param {number} teacher */
async function teach(voices, teacher) {
  const engine = new Engine(MODEL);
  try {
    const names = Object.keys(voices[teacher].clips);
    const lessons = names.flatMap((name, label) => voices[teacher].clips[name].teach.map((file) => ({ file, label })));
    const enrolments = await Promise.all(lessons.map(async ({ file }) => (await analyzeUrl(engine, addressOf({ file }))).enrolment ?? ''));
    const { classifier } = await engine.ask({ type: 'trainCustom', names, labels: Uint32Array.from(lessons, ({ label }) => label), enrolments });
    const results = [];
    for (const [index, tested] of voices.entries()) {
      const clips = names.flatMap((acted) => tested.clips[acted].test.map((file) => ({ file, acted })));
      const said = await Promise.all(clips.map(async ({ file, acted }) => {
        const { report } = await analyzeUrl(engine, addressOf({ file }), classifier);
        return { file, acted, said: report.custom?.label ?? '' };
      }));
      results.push({ right: said.filter(({ acted, said }) => acted === said).length, all: said.length });
      showCell(byId('taught-rows').rows[teacher].cells[index + 1], LETTERS[teacher], LETTERS[index], said);
    }
    const [own, other] = [results[teacher], results[1 - teacher]];
    byId('taught-said').textContent = t('Taught by voice {letter}: of its other clips it tells {own} of {ownAll} right, of the other voice’s {other} of {otherAll}.',
      { letter: LETTERS[teacher], own: own.right, ownAll: own.all, other: other.right, otherAll: other.all });
  } finally {
    engine.close();
  }
}

/** @param {HTMLTableCellElement} cell @param {string} teacher The letters of both voices. @param {string} tested @param {Tested[]} clips */
function showCell(cell, teacher, tested, clips) {
  const values = { right: clips.filter(({ acted, said }) => acted === said).length, all: clips.length, teacher, tested };
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = t('{right} of {all}', values);
  button.setAttribute('aria-label', t('Taught by voice {teacher}, tried on voice {tested}: {right} of {all} right; play them', values));
  button.addEventListener('click', () => {
    const list = document.createElement('ul');
    list.append(...clips.map(({ file, acted, said }) => {
      const item = document.createElement('li');
      const text = t('Asked for {acted}, taken for {said}', { acted: NAMES[acted], said: NAMES[said] ?? said });
      item.append(`${acted === said ? '✓' : '✗'} ${text}`, playerOf({ file }, text));
      return item;
    }));
    byId('taught-clips').replaceChildren(list);
  });
  cell.replaceChildren(button);
}
