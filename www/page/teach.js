// Classes of a visitor's own: a few recordings of each train a classifier in the tab, which then tells them apart.

import { byId } from './dom.js';
import { saveAs } from './download.js';
import { describeError } from './errors.js';
import { noteRecording } from './privacy.js';
import { announce, attempt, showProblem } from './status.js';
import { layOutClassBars, showLeaveOneOut, showOpinion } from './taught.js';
import { listen, record, stopMicrophone } from './teach-microphone.js';
import { t } from './text.js';
import { whenHidden } from './views.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').CustomClasses} CustomClasses */
/** A class in the making, with its row on the page.
 * @typedef {{row: HTMLLIElement, name: HTMLInputElement, count: HTMLElement, remove: HTMLButtonElement, enrolments: string[]}} Taught */

/** Recordings of each class, at least; classes, at most. */
const MIN_CLIPS = 5;
const MAX_CLASSES = 12;

/** @type {Taught[]} */ let classes = [];
/** Classes that were ever added. */
let added = 0;
/** What was trained or opened. @type {CustomClasses | undefined} */ let trained;
/** The latest training. @type {Promise<void>} */ let training = Promise.resolve();

/** @param {Engine} engine */
export function setUpTeach(engine) {
  addClass(engine);
  addClass(engine);
  byId('teach-add').addEventListener('click', () => addClass(engine).name.focus());
  byId('teach-folder').addEventListener('change', () => attempt(() => addFolder(engine)));
  byId('teach-try').addEventListener('click', () => record(byId('teach-try'), async (recorded) => {
    const { report } = await engine.ask({ type: 'samples', ...recorded, custom: trained?.classifier });
    showOpinion(trained?.names ?? [], report);
  }));
  byId('teach-live').addEventListener('click', () => listen(byId('teach-live'), async (latest) => {
    showOpinion(trained?.names ?? [], await engine.ask({ type: 'window', ...latest, custom: trained?.classifier }));
  }));
  whenHidden('teach', stopMicrophone);
  byId('teach-save').addEventListener('click', () => attempt(save));
  byId('teach-open').addEventListener('change', () => attempt(() => open(engine)));
  byId('teach-reset').addEventListener('click', () => {
    reset(engine);
    byId('teach-title').focus();
  });
}

/** @param {Engine} engine */
function reset(engine) {
  stopMicrophone();
  trained = undefined;
  for (const { row } of classes) row.remove();
  classes = [];
  addClass(engine);
  addClass(engine);
  show();
}

/** @param {Engine} engine @returns {Taught} */
function addClass(engine) {
  const row = document.createElement('li');
  const number = classes.length + 1;
  const name = document.createElement('input');
  name.type = 'text';
  name.maxLength = 40;
  name.autocomplete = 'off';
  name.value = t('Class {number}', { number });
  name.setAttribute('aria-label', t('Name of class {number}', { number }));
  const count = document.createElement('span');
  count.className = 'count';
  const start = button(t('Record'), 'primary');
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.accept = byId('file').accept;
  input.className = 'visually-hidden';
  added += 1;
  input.id = `teach-files-${added}`;
  const files = document.createElement('label');
  files.className = 'button';
  files.htmlFor = input.id;
  files.textContent = t('Choose files');
  const remove = button(t('Remove'));
  row.append(name, count, start, input, files, remove);
  byId('teach-classes').append(row);
  /** @type {Taught} */ const taught = { row, name, count, remove, enrolments: [] };
  classes.push(taught);

  name.addEventListener('change', () => attempt(() => train(engine)));
  start.addEventListener('click', () => attempt(async () => {
    if (await isTaken(engine)) await record(start, (recorded) => addRecording(engine, taught, recorded));
  }));
  input.addEventListener('change', () => attempt(async () => {
    const files = takenFrom(input);
    if (!files.length || !await isTaken(engine)) return;
    const reasons = await addFiles(engine, taught, files);
    if (reasons.length) showProblem(reasons.join(' '));
  }));
  remove.addEventListener('click', () => attempt(async () => {
    classes = classes.filter((other) => other !== taught);
    row.remove();
    await train(engine);
    byId('teach-add').focus();
  }));
  show();
  return taught;
}

/** @param {string} text @param {string} [style] */
function button(text, style) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

/** The files that were chosen, so that choosing them again is a change, too. @param {HTMLInputElement} input */
function takenFrom(input) {
  const files = [...input.files ?? []];
  input.value = '';
  return files;
}

/** Starts over with a class for each folder in the chosen one, as the command line does. @param {Engine} engine */
async function addFolder(engine) {
  /** @type {Map<string, File[]>} */ const folders = new Map();
  for (const file of takenFrom(byId('teach-folder'))) {
    const [, folder, inFolder] = file.webkitRelativePath.split('/');
    if (inFolder !== undefined && !file.name.startsWith('.')) folders.set(folder, [...folders.get(folder) ?? [], file]);
  }
  if (!await isTaken(engine)) return;
  if (folders.size < 2 || folders.size > MAX_CLASSES) {
    showProblem(t('Choose a folder with two to twelve folders in it: one for each class, with its recordings.'));
    return;
  }
  reset(engine);
  while (classes.length < folders.size) addClass(engine);
  const reasons = [];
  const sorted = [...folders].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, [name, files]] of sorted.entries()) {
    classes[index].name.value = name.slice(0, classes[index].name.maxLength);
    reasons.push(...await addFiles(engine, classes[index], files));
  }
  if (reasons.length) showProblem(reasons.join(' '));
}

/** Adds recordings to a class, and trains. @param {Engine} engine @param {Taught} taught @param {File[]} files
 * @returns {Promise<string[]>} Why some were not added. */
async function addFiles(engine, taught, files) {
  noteRecording();
  showProblem('');
  const reasons = [];
  for (const file of files) {
    try {
      const { enrolment } = await engine.ask({ type: 'file', file });
      if (!enrolment) reasons.push(`${file.name}: ${t('There is no voice in it.')}`);
      else if (taught.enrolments.includes(enrolment)) reasons.push(`${file.name}: ${t('This class has it already.')}`);
      else taught.enrolments.push(enrolment);
    } catch (error) {
      reasons.push(`${file.name}: ${describeError(error)}`);
    }
    show();
  }
  await train(engine);
  return reasons;
}

/** @param {Engine} engine @param {Taught} taught @param {import('./recorder.js').Recorded} recorded */
async function addRecording(engine, taught, recorded) {
  const { enrolment } = await engine.ask({ type: 'samples', ...recorded });
  if (!enrolment) return showProblem(t('No voice was found in that recording. Speak up, closer to the microphone.'));
  taught.enrolments.push(enrolment);
  announce(countOf(taught));
  await train(engine);
}

/** Whether the model in use can be taught; says so if not. @param {Engine} engine */
async function isTaken(engine) {
  if ((await engine.manifest()).speaker) return true;
  showProblem(t('Only the model Voice can be taught. Choose it in the settings.'));
  return false;
}

/** Trains on what there is; classes that are not complete wait. What was trained before serves until then.
 * @param {Engine} engine */
function train(engine) {
  training = training.catch(() => {}).then(() => trainNow(engine));
  return training;
}

/** @param {Engine} engine */
async function trainNow(engine) {
  const isComplete = classes.length >= 2 && classes.every(({ enrolments }) => enrolments.length >= MIN_CLIPS);
  try {
    trained = isComplete ? await engine.ask({
      type: 'trainCustom',
      names: classes.map(({ name }) => name.value.trim()),
      labels: Uint32Array.from(classes.flatMap(({ enrolments }, index) => enrolments.map(() => index))),
      enrolments: classes.flatMap(({ enrolments }) => enrolments),
    }) : undefined;
  } catch (error) {
    trained = undefined;
    throw error;
  } finally {
    show();
  }
  if (trained) announce(byId('teach-summary').textContent ?? '');
}

/** @param {Taught} taught */
const countOf = ({ enrolments }) => (enrolments.length < MIN_CLIPS
  ? t('{count} of {least} recordings', { count: enrolments.length, least: MIN_CLIPS }) : t('{count} recordings', { count: enrolments.length }));

/** Shows what is taught, and how well the classes are separated. */
function show() {
  for (const taught of classes) {
    taught.count.textContent = countOf(taught);
    taught.remove.disabled = classes.length <= 2;
  }
  // What was opened has no recordings to teach it anew from.
  byId('teach-add').disabled = classes.length >= MAX_CLASSES || !classes.length;
  byId('teach-save').disabled = !trained;
  byId('teach-try').disabled = !trained;
  byId('teach-live').disabled = !trained;
  byId('teach-result').hidden = !trained;
  byId('teach-said').textContent = trained ? t('Record something, or follow live, to try it.')
    : t('Every class needs a name and five recordings.');
  layOutClassBars(trained?.names ?? []);
  if (trained) showLeaveOneOut(trained);
}

async function save() {
  // A name that was still being typed counts.
  await training;
  if (trained) saveAs(`${trained.names.join('-').replaceAll(/[^\p{L}\p{N}-]+/gu, '_').slice(0, 60)}.json`, trained.classifier, 'application/json');
}

/** @param {Engine} engine */
async function open(engine) {
  const [file] = byId('teach-open').files ?? [];
  byId('teach-open').value = '';
  if (!file || !await isTaken(engine)) return;
  showProblem('');
  const custom = await file.text();
  const opened = await engine.ask({ type: 'describeCustom', custom });
  // Refused if another model was taught.
  await engine.ask({ type: 'window', samples: new Float32Array(16_000), rateHz: 16_000, custom });
  for (const { row } of classes) row.remove();
  classes = [];
  trained = opened;
  show();
  byId('teach-said').textContent = t('Opened: {names}. Record something, or follow live, to try it.', { names: opened.names.join(', ') });
  announce(byId('teach-said').textContent ?? '');
}
