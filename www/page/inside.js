// Inside the model: attention weights and activations of its speech encoder, and how embeddings differ among clips.

import { byId } from './dom.js';
import { drawBars, drawMap } from './pictures.js';
import { attempt } from './status.js';
import { decimal, t } from './text.js';
import { isShown, whenShown } from './views.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Picture} Picture */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** How many embeddings of a model are kept, the latest ones. */
const MAX_EMBEDDINGS = 500;

/** @type {Reading | undefined} */ let reading;
/** Attention weights, head by head and layer by layer. @type {Picture[] | undefined} */ let attention;
/** Of each model, the embedding of each recording.
 * @type {Map<string, Map<string, Float32Array>>} */
const embeddings = new Map();

/** @param {Engine} engine */
export function setUpInside(engine) {
  whenShown('inside', () => attempt(() => show(engine)));
  byId('layer').addEventListener('change', drawAttention);
  byId('head').addEventListener('change', drawAttention);
}

/** Keeps the embedding of a recording. @param {string} source @param {Reading} reading */
export function storeEmbedding(source, { report, embedding }) {
  const ofModel = embeddings.get(report.model) ?? new Map();
  embeddings.set(report.model, ofModel);
  // A map keeps the order of insertion: the latest come last.
  ofModel.delete(source);
  ofModel.set(source, embedding);
  if (ofModel.size > MAX_EMBEDDINGS) ofModel.delete(ofModel.keys().next().value);
}

/** For a new clip on the page. @param {Engine} engine @param {Reading} next */
export function updateInside(engine, next) {
  reading = next;
  attention = undefined;
  if (isShown('inside')) attempt(() => show(engine));
}

/** @param {Engine} engine */
async function show(engine) {
  if (!reading) return;
  const current = reading;
  const { samples, report } = current;
  const manifest = await engine.manifest();
  // Another model has been chosen: it reads the clip first.
  if (report.model !== manifest.name) return;
  const layers = manifest.front_end.encoder?.network.layers;
  if (!layers) byId('encoder').hidden = true;
  else {
    const [weights, activations] = await Promise.all([
      engine.ask({ type: 'attention', samples }),
      engine.ask({ type: 'activations', samples }),
    ]);
    if (current !== reading || !weights?.length || !activations) return;
    attention = weights;
    fill(byId('layer'), layers);
    fill(byId('head'), weights.length / layers);
    drawAttention();
    showActivations(activations);
    byId('encoder').hidden = false;
  }
  const clips = [...(embeddings.get(report.model)?.values() ?? [])];
  const variance = await engine.ask({ type: 'variance', clips });
  if (current !== reading) return;
  byId('variance').hidden = !variance;
  byId('variance-text').textContent = variance
    ? t('Over the {clips} clips that {model} read in this tab, of the {count} numbers in its embedding, those that differ the most are {most}; the least, {least}.',
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

function drawAttention() {
  if (!attention || !reading) return;
  const [layer, head] = [byId('layer'), byId('head')].map((select) => Math.max(0, select.selectedIndex));
  const weights = attention[layer * byId('head').options.length + head];
  const frames = weights.rows;
  drawMap(byId('look'), weights, Math.sqrt);
  let distance = 0;
  weights.values.forEach((weight, i) => { distance += weight * Math.abs((i % frames) - Math.floor(i / frames)); });
  const seconds = (distance / frames) * (reading.samples.length / 16_000 / frames);
  byId('look-text').textContent = t('Layer {layer}, head {head}: each moment attends to moments that lie {seconds} s away on average.',
    { layer: layer + 1, head: head + 1, seconds: decimal(seconds, 2) });
}

/** @param {Picture} activations */
function showActivations({ values, rows }) {
  const columns = values.length / rows;
  const mean = Float32Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns)
    .reduce((sum, value) => sum + value, 0) / columns);
  drawMap(byId('answers'), { values: mean, rows: 1 });
  const strongest = [...mean.keys()].sort((a, b) => mean[b] - mean[a]).slice(0, 5);
  byId('answers-text').textContent = t('Of its {rows} dimensions, {strongest} respond the most to this clip.', { rows, strongest: strongest.join(', ') });
}
