// Every model on one clip, side by side.

import { OWN, bytesOf, countBytes, getModel, scoresOnUnheardSpeakers } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { Reader } from '../engine/reader.js';
import { inWords, percent } from './result.js';
import { sealed } from '../engine/sealed.js';

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
  await page.whileBusy('Asking every model.', async (cancelled, tell) => {
    const ended = AbortSignal.any([cancelled, signal]);
    for (const [index, model] of models.entries()) {
      tell(`Asking ${model.replace(OWN, '')}, ${index + 1} of ${models.length}.`, index / models.length);
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
        cell.textContent = `${model.replace(OWN, '')}: ${error.message}`;
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
  const took = timings.features_ms + timings.model_ms;
  for (const text of [
    `${inWords(report).headline}, ${percent(report.probabilities[report.label])}`,
    percent(manifest.metrics.accuracy),
    unheard === undefined ? 'not measured' : percent(unheard),
    `${(bytesOf(manifest) / 1e6).toFixed(1)} MB`,
    `${Math.max(1, Math.round(took))} ms, ${report.backend === 'cpu' ? 'processor' : 'graphics'}`,
  ]) row.insertCell().textContent = text;
}

/** @param {Report[]} reports @param {number} asked */
function agreement(reports, asked) {
  if (!reports.length) return '';
  /** @type {Map<string, string[]>} */ const sides = new Map();
  for (const { label, model } of reports) sides.set(label, [...(sides.get(label) ?? []), model]);
  const ranked = [...sides].sort(([, a], [, b]) => b.length - a.length);
  const told = ranked.map(([label, models]) => `${models.join(', ')} ${models.length === 1 ? 'puts' : 'put'} ${label} first`).join('; ');
  const stopped = reports.length < asked ? ` ${reports.length} of ${asked} were asked.` : '';
  const verdict = sides.size === 1 ? 'All agree' : ranked[0][1].length > reports.length / 2 ? 'Most agree' : 'They do not agree';
  return `${verdict}: ${told}.${stopped}`;
}
