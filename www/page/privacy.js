// The requests that this page made and what it stores, so that nobody needs to take its word.

import * as own from '../engine/own.js';
import { byId } from './dom.js';
import { unregisterOffline } from './offline.js';
import { listOwn } from './own-panel.js';
import { forgetSpeaker, isSpeakerKept } from './same-speaker.js';
import { announce } from './status.js';
import { decimal, t } from './text.js';
import { whenShown } from './views.js';

/** @typedef {import('./types.d.ts').Page} Page */

/** Addresses requested since the page opened, without those inside the tab. @type {string[]} */
const requests = [location.href];
/** How many there were before the latest recording.
 * @type {number | undefined} */
let countBefore;

/** @param {Page} page */
export function setUpPrivacy(page) {
  new PerformanceObserver((entries) => {
    for (const { name } of entries.getEntries()) {
      if (!/^(blob|data):/.test(name)) requests.push(name);
    }
    showRequests();
  }).observe({ type: 'resource', buffered: true });
  showRequests();
  whenShown('privacy', showStored);
  byId('forget').addEventListener('click', () => deleteAll(page));
}

/** Resets the count of requests: a visitor's own recording is about to be analyzed. */
export function noteRecording() {
  countBefore = requests.length;
  showRequests();
}

function showRequests() {
  const elsewhere = requests.filter((address) => new URL(address).origin !== location.origin).length;
  const count = requests.length;
  const since = countBefore === undefined ? '' : ` ${t('Since you gave it your last recording: {count}.', { count: count - countBefore })}`;
  byId('asked').textContent = (elsewhere ? t('Requests since this page opened: {count}, {elsewhere} of them elsewhere.', { count, elsewhere })
    : t('Requests since this page opened: {count}, all to this site, for the page and its models.', { count })) + since;
}

/** Names of the caches of the page itself and of its models. */
const cacheNames = async () => (await globalThis.caches?.keys() ?? []).filter((name) => name.startsWith('sottovoce-'));

/** Size of their contents. @returns {Promise<number>} */
async function cachedBytes() {
  let bytes = 0;
  for (const name of await cacheNames()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) bytes += (await (await cache.match(request))?.blob())?.size ?? 0;
  }
  return bytes;
}

async function showStored() {
  const [bytes, models, encoders] = await Promise.all([cachedBytes().catch(() => 0), own.models(), own.encoders()]);
  const names = [...models, ...encoders].map(({ name }) => name);
  const parts = [];
  if (bytes) parts.push(t('This browser keeps {size} MB of this page and its models, so that it opens without the network.', { size: decimal(bytes / 1e6, 1) }));
  if (names.length) parts.push(t('It keeps what you brought: {names}.', { names: names.join(', ') }));
  if (isSpeakerKept()) parts.push(t('It keeps what it knows of your voice: sums of numbers from which no sound can be made.'));
  byId('kept').textContent = parts.length ? `${parts.join(' ')} ${t('It keeps no recordings.')}`
    : t('This browser keeps nothing of this page.');
  byId('forget').disabled = !parts.length;
}

/** @param {Page} page */
async function deleteAll(page) {
  await unregisterOffline();
  for (const name of await cacheNames()) await caches.delete(name);
  for (const { name } of await own.models()) await own.remove('models', name);
  for (const { name } of await own.encoders()) await own.remove('encoders', name);
  forgetSpeaker();
  await listOwn(page);
  await showStored();
  announce(t('Everything that this page kept is deleted. Your next visit loads it anew.'));
  byId('privacy-title').focus();
}
