// What this page asked the network for, and what it keeps, so that nobody needs to take its word.

import { forgetPage } from './offline.js';
import * as own from '../engine/own.js';
import { decimal, t } from './text.js';
import { listOwn } from './own-panel.js';

/** @typedef {import('./own-panel.js').Page} Page */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Addresses asked for since the page opened; what lies in the tab itself is none. @type {string[]} */
const asked = [location.href];
/** How many there were when the last recording was given.
 * @type {number | undefined} */
let before;

/** @param {Page} page */
export function setUpPrivacy(page) {
  new PerformanceObserver((entries) => {
    for (const { name } of entries.getEntries()) {
      if (!/^(blob|data):/.test(name)) asked.push(name);
    }
    showAsked();
  }).observe({ type: 'resource', buffered: true });
  showAsked();
  byId('privacy').addEventListener('toggle', () => byId('privacy').open && showKept());
  byId('forget').addEventListener('click', () => forget(page));
}

/** A recording of the visitor's own is about to be read. */
export function given() {
  before = asked.length;
  showAsked();
}

function showAsked() {
  const elsewhere = asked.filter((address) => new URL(address).origin !== location.origin).length;
  const count = asked.length;
  const since = before === undefined ? '' : ` ${t('Since you gave it your last recording: {count}.', { count: count - before })}`;
  byId('asked').textContent = (elsewhere ? t('Requests since this page opened: {count}, {elsewhere} of them elsewhere.', { count, elsewhere })
    : t('Requests since this page opened: {count}, all to this site, for the page and its models.', { count })) + since;
}

/** The stores of the page itself and of its models. */
const stores = async () => (await globalThis.caches?.keys() ?? []).filter((name) => name.startsWith('sottovoce-'));

/** Size of what they hold. @returns {Promise<number>} */
async function keptBytes() {
  let bytes = 0;
  for (const name of await stores()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) bytes += (await (await cache.match(request))?.blob())?.size ?? 0;
  }
  return bytes;
}

async function showKept() {
  const [bytes, models, encoders] = await Promise.all([keptBytes().catch(() => 0), own.models(), own.encoders()]);
  const brought = [...models, ...encoders].map(({ name }) => name);
  const parts = [];
  if (bytes) parts.push(t('This browser keeps {size} MB of this page and its models, so that it opens without the network.', { size: decimal(bytes / 1e6, 1) }));
  if (brought.length) parts.push(t('It keeps what you brought: {names}.', { names: brought.join(', ') }));
  byId('kept').textContent = parts.length ? `${parts.join(' ')} ${t('It keeps no recordings.')}`
    : t('This browser keeps nothing of this page.');
  byId('forget').disabled = !parts.length;
}

/** @param {Page} page */
async function forget(page) {
  await forgetPage();
  for (const name of await stores()) await caches.delete(name);
  for (const { name } of await own.models()) await own.remove('models', name);
  for (const { name } of await own.encoders()) await own.remove('encoders', name);
  await listOwn(page);
  await showKept();
  page.announce(t('Everything that this page kept is deleted. Your next visit loads it anew.'));
  byId('privacy').querySelector('summary').focus();
}
