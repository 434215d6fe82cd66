// All models on one clip, in a table.

import { OWN, bytesOf, countBytes, getAccuracyOnUnseenSpeakers, getModel } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { Reader } from '../engine/reader.js';
import { sealed } from '../engine/sealed.js';
import { byId } from './dom.js';
import { withProgress } from './loading.js';
import { attempt } from './status.js';
import { decimal, t, translated } from './text.js';
import { isShown, whenShown } from './views.js';
import { NAMES, describeReading, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Analyze} Analyze */
/** @typedef {import('../engine/types.d.ts').Manifest} Manifest */
/** @typedef {import('../engine/types.d.ts').Report} Report */

/** Analyzes the clip on the page.
 * @type {Analyze | undefined} */
let analyze;
/** Cancels the comparison of an earlier clip.
 * @type {AbortController} */
let current = new AbortController();

/** @param {Engine} engine */
export function setUpCompare(engine) {
  whenShown('models', () => {
    if (!byId('compare-rows').children.length) attempt(() => compare(engine));
  });
}

/** For a new clip on the page. @param {Engine} engine @param {Analyze} next Analyzes it. */
export function updateComparison(engine, next) {
  // The same clip, analyzed by another model, changes nothing here.
  if (next === analyze) return;
  current.abort();
  current = new AbortController();
  analyze = next;
  byId('compare-rows').replaceChildren();
  byId('agreement').textContent = '';
  if (isShown('models')) attempt(() => compare(engine));
}

/** @param {Engine} engine */
async function compare(engine) {
  const analyzeClip = analyze;
  if (!analyzeClip) return;
  const { signal } = current;
  const models = [...byId('model').options].map(({ value }) => value);
  /** @type {Report[]} */ const reports = [];
  byId('compare-rows').replaceChildren();
  const unseen = await getAccuracyOnUnseenSpeakers();
  await withProgress(t('Asking every model.'), async (cancelled, showProgress) => {
    const ended = AbortSignal.any([cancelled, signal]);
    for (const [index, model] of models.entries()) {
      showProgress(t('Asking {model}, {place} of {all}.', { model: model.replace(OWN, ''), place: index + 1, all: models.length }), index / models.length);
      const row = document.createElement('tr');
      try {
        const { manifest, report } = await analyzeWith(engine, model, analyzeClip, ended);
        fill(row, manifest, report, unseen[model]?.accuracy);
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

/** One model's report, from a worker of its own.
 * @param {Engine} engine @param {string} model @param {Analyze} analyze @param {AbortSignal} signal
 * @returns {Promise<{manifest: Manifest, report: Report}>} */
async function analyzeWith(engine, model, analyze, signal) {
  const files = await getModel(model, countBytes(() => {}), signal);
  const load = { ...await engine.code(), ...files };
  const reader = new Reader((await sealed()).start('worker.js'), load, { onBackend: () => {}, onWarmUp: () => {}, onReply: () => {},
    onCrash: () => reader.end(new EngineError('crashed', 'It stopped in the middle of this recording.')) });
  const end = () => reader.end(new EngineError('ended', ''));
  signal.addEventListener('abort', end);
  try {
    const client = { ask: (/** @type {any} */ question) => reader.ask((id) => ({ id, ...question })) };
    await analyze(client);
    // Browsers compile what they run: the second time shows how long an analysis takes.
    const { report } = await analyze(client);
    return { manifest: JSON.parse(files.manifest), report };
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** @param {HTMLTableRowElement} row @param {Manifest} manifest @param {Report} report
 * @param {number | undefined} unseen Accuracy on unseen speakers. */
function fill(row, manifest, report, unseen) {
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = manifest.name;
  row.append(head);
  const { timings } = report;
  const took = Math.max(1, Math.round(timings.features_ms + timings.model_ms));
  for (const text of [
    `${describeReading(report).headline}, ${percent(report.probabilities[report.label])}`,
    percent(manifest.metrics.accuracy),
    unseen === undefined ? t('not measured') : percent(unseen),
    `${decimal(bytesOf(manifest) / 1e6, 1)} MB`,
    report.backend === 'cpu' ? t('{took} ms, processor', { took }) : t('{took} ms, graphics', { took }),
  ]) row.insertCell().textContent = text;
}

/** @param {Report[]} reports @param {number} count Models in all. */
function agreement(reports, count) {
  if (!reports.length) return '';
  /** @type {Map<string, string[]>} */ const byLabel = new Map();
  for (const { label, model } of reports) byLabel.set(label, [...(byLabel.get(label) ?? []), model]);
  const ranked = [...byLabel].sort(([, a], [, b]) => b.length - a.length);
  const votes = ranked.map(([label, models]) => t('{name} first: {models}', { name: NAMES[label], models: models.join(', ') })).join('; ');
  const stopped = reports.length < count ? ` ${t('{count} of {all} were asked.', { count: reports.length, all: count })}` : '';
  const verdict = byLabel.size === 1 ? t('All agree.') : ranked[0][1].length > reports.length / 2 ? t('Most agree.') : t('They do not agree.');
  return `${verdict} ${votes}.${stopped}`;
}
