// Every model on one clip, side by side.

import { OWN, bytesOf, countBytes, getModel, scoresOnUnheardSpeakers } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { Reader } from '../engine/reader.js';
import { sealed } from '../engine/sealed.js';
import { decimal, t, translated } from './text.js';
import { NAMES, inWords, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Manifest} Manifest */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {Pick<Engine, 'ask'>} Asked What can be asked for a reading. */
/** @typedef {(asked: Asked) => Promise<Reading>} Read */
/** @typedef {{engine: Engine, attempt: (work: () => Promise<void>) => Promise<void>, whileBusy: (text: string,
 * work: (signal: AbortSignal, tell: (text: string, share?: number) => void) => Promise<void>) => Promise<void>}} Page */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** How the clip on the page is read.
 * @type {Read | undefined} */
let read;
/** Ends what goes on for another clip.
 * @type {AbortController} */
let current = new AbortController();

/** @param {Page} page */
export function setUpCompare(page) {
  byId('compare').addEventListener('toggle', () => {
    if (byId('compare').open && !byId('compare-rows').children.length) page.attempt(() => compare(page));
  });
}

/** Another clip is on the page. @param {Page} page @param {Read} next How it is read. */
export function compareNext(page, next) {
  // The same clip, read by another model, says nothing new here.
  if (next === read) return;
  current.abort();
  current = new AbortController();
  read = next;
  byId('compare-rows').replaceChildren();
  byId('agreement').textContent = '';
  if (byId('compare').open) page.attempt(() => compare(page));
}

/** @param {Page} page */
async function compare(page) {
  const asked = read;
  if (!asked) return;
  const { signal } = current;
  const models = [...byId('model').options].map(({ value }) => value);
  /** @type {Report[]} */ const reports = [];
  byId('compare-rows').replaceChildren();
  const unheard = await scoresOnUnheardSpeakers();
  await page.whileBusy(t('Asking every model.'), async (cancelled, tell) => {
    const ended = AbortSignal.any([cancelled, signal]);
    for (const [index, model] of models.entries()) {
      tell(t('Asking {model}, {place} of {all}.', { model: model.replace(OWN, ''), place: index + 1, all: models.length }), index / models.length);
      const row = document.createElement('tr');
      try {
        const { manifest, report } = await ask(page, model, asked, ended);
        fill(row, manifest, report, unheard[model]?.accuracy);
        reports.push(report);
      } catch (error) {
        if (ended.aborted) break;
        if (!(error instanceof EngineError)) throw error;
        const cell = row.insertCell();
        cell.colSpan = 6;
        cell.textContent = `${model.replace(OWN, '')}: ${translated(error.message)}`;
      }
      byId('compare-rows').append(row);
    }
  });
  if (!signal.aborted) byId('agreement').textContent = agreement(reports, models.length);
}

/** One model's reading, by a worker of its own.
 * @param {Page} page @param {string} model @param {Read} read @param {AbortSignal} signal
 * @returns {Promise<{manifest: Manifest, report: Report}>} */
async function ask(page, model, read, signal) {
  const files = await getModel(model, countBytes(() => {}), signal);
  const load = { module: await page.engine.module(), ...files, backend: /** @type {const} */ ('cpu') };
  const reader = new Reader((await sealed()).start('worker.js'), load, { ranOn: () => {}, read: () => {},
    crashed: () => reader.end('It stopped in the middle of this recording.') });
  const end = () => reader.end('');
  signal.addEventListener('abort', end);
  try {
    const asked = { ask: (/** @type {any} */ question) => reader.ask((id) => ({ id, ...question })) };
    await read(asked);
    // Browsers compile what they run: the second reading tells how long one takes.
    const { report } = await read(asked);
    return { manifest: JSON.parse(files.manifest), report };
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** @param {HTMLTableRowElement} row @param {Manifest} manifest @param {Report} report
 * @param {number | undefined} unheard Accuracy with speakers that it never heard. */
function fill(row, manifest, report, unheard) {
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = manifest.name;
  row.append(head);
  const { timings } = report;
  const took = Math.max(1, Math.round(timings.features_ms + timings.model_ms));
  for (const text of [
    `${inWords(report).headline}, ${percent(report.probabilities[report.label])}`,
    percent(manifest.metrics.accuracy),
    unheard === undefined ? t('not measured') : percent(unheard),
    `${decimal(bytesOf(manifest) / 1e6, 1)} MB`,
    report.backend === 'cpu' ? t('{took} ms, processor', { took }) : t('{took} ms, graphics', { took }),
  ]) row.insertCell().textContent = text;
}

/** @param {Report[]} reports @param {number} asked */
function agreement(reports, asked) {
  if (!reports.length) return '';
  /** @type {Map<string, string[]>} */ const sides = new Map();
  for (const { label, model } of reports) sides.set(label, [...(sides.get(label) ?? []), model]);
  const ranked = [...sides].sort(([, a], [, b]) => b.length - a.length);
  const told = ranked.map(([label, models]) => t('{name} first: {models}', { name: NAMES[label], models: models.join(', ') })).join('; ');
  const stopped = reports.length < asked ? ` ${t('{count} of {all} were asked.', { count: reports.length, all: asked })}` : '';
  const verdict = sides.size === 1 ? t('All agree.') : ranked[0][1].length > reports.length / 2 ? t('Most agree.') : t('They do not agree.');
  return `${verdict} ${told}.${stopped}`;
}
