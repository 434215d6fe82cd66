// Files that a visitor chooses or drops: one is analyzed and shown, several are analyzed side by side and listed.

import { clearPrevious, analyzeAndShow, fileAnalysis, present, tryAnalysis } from './analysis.js';
import { byId } from './dom.js';
import { dropped } from './folders.js';
import { storeEmbedding } from './inside.js';
import { importFolders } from './own-panel.js';
import { noteRecording } from './privacy.js';
import { isSameSpeaker } from './same-speaker.js';
import { showProblem, showStatus } from './status.js';
import { t } from './text.js';
import * as timeline from './timeline.js';
import { describeReading } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Origin} Origin */
/** @typedef {import('./types.d.ts').Page} Page */

/** @param {Page} page */
export function setUpFileInput(page) {
  byId('file').addEventListener('change', async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const files = [...(input.files ?? [])];
    // So that choosing the same file again is a change, too.
    input.value = '';
    await analyzeFiles(page.engine, files);
  });
  setUpDrop(page);
}

/** @param {Page} page */
function setUpDrop(page) {
  let dragDepth = 0;
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    dragDepth += 1;
    byId('drop').hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return;
    dragDepth -= 1;
    byId('drop').hidden = dragDepth <= 0;
  });
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dragDepth = 0;
    byId('drop').hidden = true;
    if (!event.dataTransfer) return;
    const { folders, recordings } = await dropped(event.dataTransfer);
    await analyzeFiles(page.engine, recordings);
    if (folders.length) await importFolders(page, folders);
  });
}

/** Analyzes files and shows what was read. @param {Engine} engine @param {File[]} files */
export async function analyzeFiles(engine, files) {
  noteRecording();
  showProblem('');
  if (files.length === 1) await analyzeSingle(engine, files[0]);
  if (files.length > 1) await analyzeQueue(engine, files);
}

/** Analyzes and shows one file, with a button to follow it if it is long.
 * @param {Engine} engine @param {File} file */
async function analyzeSingle(engine, file) {
  clearPrevious();
  showStatus(t('Listening to {source}.', { source: file.name }));
  const origin = originOf(file);
  const reading = await analyzeAndShow(engine, origin, fileAnalysis(file, origin));
  if (reading && reading.report.duration_s > timeline.LONG_S && !origin.byBrowser) {
    byId('more').replaceChildren(timeline.followButton(engine, file, reading.report));
  }
}

/** Analyzes files, as many at once as the engine can, and lists them in their order; the last one stays on the page.
 * @param {Engine} engine @param {File[]} files */
async function analyzeQueue(engine, files) {
  const list = document.createElement('ul');
  list.className = 'files';
  list.setAttribute('aria-label', t('All files'));
  clearPrevious();
  byId('more').append(list);
  /** @type {(() => void)[]} */ const presentEach = [];
  const rows = files.map(() => document.createElement('li'));
  // Of one person, each is conditioned on all others, which are enrolled first.
  const passes = isSameSpeaker() ? 2 : 1;
  let count = 0;
  let failed = 0;
  /** @param {number} index @param {File} file */
  const analyzeAt = async (index, file) => {
    showStatus(t('Listening to {all} recordings, {count} read.', { all: files.length, count: Math.floor(count / passes) }));
    const origin = originOf(file);
    const analyze = fileAnalysis(file, origin);
    let reason = '';
    const reading = await tryAnalysis(engine, origin, analyze, (text) => { reason = text; });
    count += 1;
    return { origin, analyze, reading, reason };
  };
  if (passes > 1) await inParallel(engine, files, analyzeAt);
  await inParallel(engine, files, async (index, file) => {
    const { origin, analyze, reading, reason } = await analyzeAt(index, file);
    if (reading) {
      storeEmbedding(origin.source, reading);
      presentEach[index] = () => present(engine, reading, origin, analyze);
      // Drawing takes as long as an analysis: those between the first and the last are drawn when chosen.
      if (!list.children.length) presentEach[index]();
      fillRow(rows[index], origin, reading, presentEach[index]);
    } else {
      failed += 1;
      rows[index].textContent = t('{source}: could not be read. {reason}', { source: origin.source, reason });
    }
    list.insertBefore(rows[index], rows.slice(index + 1).find((row) => row.isConnected) ?? null);
  });
  showStatus('');
  if (failed) showProblem(t('Could not be read: {count} of {all} recordings. The list says why.', { count: failed, all: files.length }));
  presentEach.filter(Boolean).at(-1)?.();
}

/** A file that is given again is the same recording. @param {File} file @returns {Origin} */
const originOf = (file) => ({ source: file.name, file, own: `${file.name} ${file.size} ${file.lastModified}` });

/** Does this for all files, as many at once as the engine can.
 * @param {Engine} engine @param {File[]} files @param {(index: number, file: File) => Promise<unknown>} work */
async function inParallel(engine, files, work) {
  const queue = [...files.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(...next);
  };
  const width = await engine.concurrency().catch(() => 1);
  await Promise.all(Array.from({ length: width }, worker));
}

/** Fills a line of the list of files; choosing it shows its reading.
 * @param {HTMLLIElement} row @param {Origin} origin @param {Reading} reading @param {() => void} presentIt */
function fillRow(row, origin, reading, presentIt) {
  const button = document.createElement('button');
  button.type = 'button';
  const { headline } = describeReading(reading.report);
  button.textContent = `${origin.source}: ${headline.toLowerCase()}`;
  button.addEventListener('click', () => {
    presentIt();
    byId('headline').focus();
  });
  row.append(button);
}
