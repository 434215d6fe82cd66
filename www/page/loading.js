// What a visitor waits for, with a progress bar and a button to cancel it: a model that loads, or other work.

import { byId } from './dom.js';

/** @typedef {import('./types.d.ts').ShowProgress} ShowProgress */

/** Cancels the model that is loading.
 * @type {AbortController | undefined} */
let modelLoad;
/** Cancels other work.
 * @type {AbortController | undefined} */
let task;

byId('cancel-loading').addEventListener('click', () => {
  (task ?? modelLoad)?.abort();
  byId('main').focus();
});

/** Begins to load a model; cancels one that is loading. */
export function beginModelLoad() {
  modelLoad?.abort();
  modelLoad = new AbortController();
  return modelLoad;
}

/** Whether no other load has replaced this one. @param {AbortController} load */
export const isCurrentLoad = (load) => modelLoad === load;

/** @param {AbortController} load */
export function endModelLoad(load) {
  if (modelLoad !== load) return;
  modelLoad = undefined;
  byId('loading').hidden = true;
}

/** @param {string} text @param {number} share 0 to 1 */
export function showModelLoad(text, share) {
  byId('loading').hidden = false;
  byId('loading-progress').value = share;
  if (byId('loading-text').textContent !== text) byId('loading-text').textContent = text;
}

/** Shows progress while `work` runs, with a button that cancels it.
 * @param {string} text @param {(signal: AbortSignal, showProgress: ShowProgress) => Promise<void>} work */
export async function withProgress(text, work) {
  const current = new AbortController();
  task = current;
  byId('loading').hidden = false;
  byId('loading-progress').removeAttribute('value');
  byId('loading-text').textContent = text;
  try {
    await work(current.signal, (text, share) => {
      byId('loading-text').textContent = text;
      if (share !== undefined) byId('loading-progress').value = share;
    });
  } finally {
    task = undefined;
    byId('loading').hidden = !modelLoad;
  }
}
