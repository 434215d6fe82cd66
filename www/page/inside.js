// Inside the model: where its speech encoder looks, what that answers to, and how what it decides by differs among clips.

import { drawBars, drawMap } from './pictures.js';
import { decimal, t } from './text.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Picture} Picture */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {{engine: Engine, attempt: (work: () => Promise<void>) => Promise<void>}} Page */

/** Clips whose features are kept, the last ones. */
const KEPT = 500;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @type {Reading | undefined} */ let reading;
/** @type {Picture[] | undefined} */ let looks;
/** What each model decided by, of each recording that it read.
 * @type {Map<string, Map<string, Float32Array>>} */
const features = new Map();

/** @param {Page} page */
export function setUpInside(page) {
  byId('inside').addEventListener('toggle', () => byId('inside').open && page.attempt(() => show(page)));
  byId('layer').addEventListener('change', drawLook);
  byId('head').addEventListener('change', drawLook);
}

/** Keeps what a model decided by. @param {string} source @param {Reading} reading */
export function remember(source, { report, features: found }) {
  const ofModel = features.get(report.model) ?? new Map();
  features.set(report.model, ofModel);
  // The last ones are those that were put in last.
  ofModel.delete(source);
  ofModel.set(source, found);
  if (ofModel.size > KEPT) ofModel.delete(ofModel.keys().next().value);
}

/** Another clip is on the page. @param {Page} page @param {Reading} next */
export function lookInsideNext(page, next) {
  reading = next;
  looks = undefined;
  if (byId('inside').open) page.attempt(() => show(page));
}

/** @param {Page} page */
async function show(page) {
  if (!reading) return;
  const asked = reading;
  const { samples, report } = asked;
  const manifest = await page.engine.manifest();
  const layers = manifest.front_end.encoder?.network.layers;
  byId('encoder').hidden = !layers;
  if (layers) {
    const [found, answers] = await Promise.all([
      page.engine.ask({ type: 'attention', samples }),
      page.engine.ask({ type: 'activations', samples }),
    ]);
    if (asked !== reading || !found?.length || !answers) return;
    looks = found;
    fill(byId('layer'), layers);
    fill(byId('head'), found.length / layers);
    drawLook();
    showAnswers(answers);
  }
  const clips = [...(features.get(report.model)?.values() ?? [])];
  const variance = await page.engine.ask({ type: 'variance', clips });
  if (asked !== reading) return;
  byId('variance').hidden = !variance;
  byId('variance-text').textContent = variance
    ? t('Over the {clips} clips that {model} read in this tab, of the {count} features it decides by, those that differ the most are {most}; the least, {least}.',
      { clips: variance.clips, model: report.model, count: variance.variance.length, most: list(variance.most), least: list(variance.least) })
    : t('{model} has read one clip in this tab. Read another to see what differs between them.', { model: report.model });
  if (variance) drawBars(byId('variance'), variance.variance);
}

/** @param {{feature: number}[]} ranked */
const list = (ranked) => ranked.map(({ feature }) => feature).join(', ');

/** @param {HTMLSelectElement} select @param {number} count */
function fill(select, count) {
  if (select.options.length === count) return;
  select.replaceChildren(...Array.from({ length: count }, (_, i) => new Option(String(i + 1))));
}

function drawLook() {
  if (!looks || !reading) return;
  const [layer, head] = [byId('layer'), byId('head')].map((select) => Math.max(0, select.selectedIndex));
  const look = looks[layer * byId('head').options.length + head];
  const frames = look.rows;
  drawMap(byId('look'), look, Math.sqrt);
  let distance = 0;
  look.values.forEach((share, i) => { distance += share * Math.abs((i % frames) - Math.floor(i / frames)); });
  const seconds = (distance / frames) * (reading.samples.length / 16_000 / frames);
  byId('look-text').textContent = t('Layer {layer}, head {head}: each moment looks at moments that lie {seconds} s away on average.',
    { layer: layer + 1, head: head + 1, seconds: decimal(seconds, 2) });
}

/** @param {Picture} answers */
function showAnswers({ values, rows }) {
  const columns = values.length / rows;
  const mean = Float32Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns)
    .reduce((sum, value) => sum + value, 0) / columns);
  drawMap(byId('answers'), { values: mean, rows: 1 });
  const strongest = [...mean.keys()].sort((a, b) => mean[b] - mean[a]).slice(0, 5);
  byId('answers-text').textContent = t('Of its {rows} dimensions, {strongest} answer the most to this clip.', { rows, strongest: strongest.join(', ') });
}
