// The second lesson: a few clips of one actor teach a classifier, which is then tried on others of that actor, and on another's.

import { Engine } from '../engine/engine.js';
import { EngineError } from '../engine/engine-error.js';
import { analyzeUrl } from '../engine/reading.js';
import { byId } from '../page/dom.js';
import { t } from '../page/text.js';
import { NAMES, voice } from '../page/words.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */
/** A voice with its clips of each emotion: paths relative to this script.
 * @typedef {{sex: 'female' | 'male', age: number, clips: Record<string, {teach: string[], test: string[]}>}} Voice */
/** What a classifier said of a clip. @typedef {{file: string, acted: string, said: string}} Tested */

/** The only model that can be taught. */
const MODEL = 'voice';

/** @param {Lesson} lesson */
export async function setUpTeaching({ attempt }) {
  const response = await fetch(new URL('teach.json', import.meta.url)).catch(() => undefined);
  if (!response?.ok) throw notLoaded();
  /** @type {Voice[]} */ const voices = await response.json();
  byId('taught-head').replaceChildren(heading(t('taught by ↓, tried on →'), 'col'), ...voices.map((one) => heading(voice(one), 'col')));
  byId('taught-rows').replaceChildren(...voices.map((one) => {
    const row = document.createElement('tr');
    row.append(heading(voice(one), 'row'), ...voices.map(() => Object.assign(document.createElement('td'), { textContent: '–' })));
    return row;
  }));
  byId('teach-voices').replaceChildren(...voices.map((one, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = t('Teach it with: {voice}', { voice: voice(one) });
    button.addEventListener('click', () => attempt(async () => {
      for (const other of byId('teach-voices').querySelectorAll('button')) other.disabled = true;
      byId('taught-said').textContent = t('Listening.');
      try {
        await teach(voices, index);
      } catch (error) {
        byId('taught-said').textContent = '';
        throw error;
      } finally {
        for (const other of byId('teach-voices').querySelectorAll('button')) other.disabled = false;
        button.focus();
      }
    }));
    return button;
  }));
  clearTaught();
}

const notLoaded = () => new EngineError('not-loaded', 'Part of the analyzer could not be loaded. Check the connection and try again.');

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
    const enrolments = await Promise.all(lessons.map(async ({ file }) => (await analyzeUrl(engine, addressOf(file))).enrolment ?? ''));
    const { classifier } = await engine.ask({ type: 'trainCustom', names, labels: Uint32Array.from(lessons, ({ label }) => label), enrolments });
    const results = [];
    for (const [index, tested] of voices.entries()) {
      const clips = names.flatMap((acted) => tested.clips[acted].test.map((file) => ({ file, acted })));
      const said = await Promise.all(clips.map(async ({ file, acted }) => {
        const { report } = await analyzeUrl(engine, addressOf(file), classifier);
        return { file, acted, said: report.custom?.label ?? '' };
      }));
      results.push({ right: said.filter(({ acted, said }) => acted === said).length, all: said.length });
      showCell(byId('taught-rows').rows[teacher].cells[index + 1], voices[teacher], tested, said);
    }
    const [own, other] = [results[teacher], results[1 - teacher]];
    byId('taught-said').textContent = t('Taught by {teacher}: of that voice’s other clips it tells {own} of {ownAll} right, of the other voice’s {other} of {otherAll}.',
      { teacher: voice(voices[teacher]), own: own.right, ownAll: own.all, other: other.right, otherAll: other.all });
  } finally {
    engine.close();
  }
}

/** @param {string} file */
const addressOf = (file) => new URL(file, import.meta.url);

/** @param {HTMLTableCellElement} cell @param {Voice} teacher @param {Voice} tested @param {Tested[]} clips */
function showCell(cell, teacher, tested, clips) {
  const values = { right: clips.filter(({ acted, said }) => acted === said).length, all: clips.length, teacher: voice(teacher), tested: voice(tested) };
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = t('{right} of {all}', values);
  button.setAttribute('aria-label', t('Taught by {teacher}, tried on {tested}: {right} of {all} right; play them', values));
  button.addEventListener('click', () => {
    const list = document.createElement('ul');
    list.append(...clips.map(({ file, acted, said }) => {
      const item = document.createElement('li');
      const player = Object.assign(document.createElement('audio'), { controls: true, preload: 'none', src: addressOf(file).href });
      const text = t('Asked for {acted}, taken for {said}', { acted: NAMES[acted], said: NAMES[said] ?? said });
      player.setAttribute('aria-label', text);
      item.append(`${acted === said ? '✓' : '✗'} ${text}`, player);
      return item;
    }));
    byId('taught-clips').replaceChildren(list);
  });
  cell.replaceChildren(button);
}

/** @param {string} text @param {string} scope */
function heading(text, scope) {
  return Object.assign(document.createElement('th'), { scope, textContent: text });
}
