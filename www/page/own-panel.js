// The panel with visitors' own models and speech encoders.

import { OWN, bytesOf, filesOf } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { importFolder } from '../engine/import.js';
import * as own from '../engine/own.js';
import { byId } from './dom.js';
import { chosen } from './folders.js';
import { withProgress } from './loading.js';
import { announce, showProblem } from './status.js';
import { decimal, t, translated } from './text.js';
import { show } from './views.js';
import { percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Folder} Folder */
/** @typedef {import('./types.d.ts').Page} Page */

/** @param {number} bytes */
const size = (bytes) => (bytes < 1e5 ? `${decimal(bytes / 1e3, 1)} kB` : `${decimal(bytes / 1e6, 1)} MB`);

/** Lists what is stored, and imports the folders that are chosen.
 * @param {Page} page */
export function setUpOwn(page) {
  byId('folder').addEventListener('change', async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const { folders } = chosen([...(input.files ?? [])]);
    input.value = '';
    if (folders.length) await importFolders(page, folders);
    else showProblem(t('There is neither a model nor a speech encoder in this folder: a model has a model.json, an encoder a config.json.'));
  });
  return listOwn(page);
}

/** Stores models and encoders from folders, and switches to the last model.
 * @param {Page} page @param {Folder[]} folders */
export async function importFolders(page, folders) {
  showProblem('');
  for (const folder of folders) {
    try {
      await withProgress(t('Taking in {folder}. Large encoders take a while.', { folder: folder.name }), async (signal) => {
        const { kind, name } = await importFolder(folder, signal);
        await listOwn(page);
        show('settings');
        announce(t('{name} is kept in this browser.', { name }));
        if (kind === 'models') await useIfWhole(page, name);
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') continue;
      if (!(error instanceof EngineError)) console.error(error);
      showProblem(`${folder.name}: ${error instanceof Error ? translated(error.message) : String(error)}`);
    }
  }
}

/** @param {Page} page @param {string} name */
async function useIfWhole(page, name) {
  const model = (await own.models()).find((model) => model.name === name);
  if (model && await own.isWhole(name, filesOf(model.manifest))) {
    byId('model').value = OWN + name;
    await page.useModel(OWN + name);
  }
}

/** Shows what is stored, in the list and among the models to choose from.
 * @param {Page} page */
export async function listOwn(page) {
  /** @type {HTMLElement[]} */ const rows = [];
  const group = document.createElement('optgroup');
  group.label = t('Yours');
  for (const { name, manifest } of await own.models()) {
    const whole = await own.isWhole(name, filesOf(manifest));
    const state = whole ? t('right in {share} of clips, {size}', { share: percent(manifest.metrics.accuracy), size: size(bytesOf(manifest)) })
      : t('needs the speech encoder {encoder}', { encoder: manifest.front_end.encoder?.name ?? '' });
    rows.push(row(page, 'models', name, t('{name}: model, {state}', { name, state })));
    group.append(new Option(`${name}: ${state}`, OWN + name));
  }
  for (const { name, description } of await own.encoders()) {
    const bytes = description.shards.reduce((sum, { bytes }) => sum + bytes, 0);
    rows.push(row(page, 'encoders', name, t('{name}: speech encoder of {layers} layers, {size}',
      { name, layers: description.network.layers, size: size(bytes) })));
  }
  const select = byId('model');
  const before = select.value;
  select.querySelector('optgroup')?.remove();
  if (group.children.length) select.append(group);
  select.value = before;
  byId('own-list').replaceChildren(...rows);
}

/** @param {Page} page @param {'models' | 'encoders'} kind @param {string} name @param {string} text */
function row(page, kind, name, text) {
  const item = document.createElement('li');
  const label = document.createElement('span');
  label.textContent = text;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = t('Remove');
  button.setAttribute('aria-label', t('Remove {name}', { name }));
  button.addEventListener('click', async () => {
    await own.remove(kind, name);
    const select = byId('model');
    if (kind === 'models' && select.value === OWN + name) {
      select.selectedIndex = 0;
      page.useModel(select.value);
    }
    await listOwn(page);
    announce(t('{name} is removed.', { name }));
    byId('own-title').focus();
  });
  item.append(label, button);
  return item;
}
