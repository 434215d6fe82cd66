// The page without the network: kept by a worker of its own, which asks before a newer version takes the place of this one.

import { engineFile } from '../engine/assets.js';
import { fileAt } from '../engine/files.js';
import { t } from './text.js';
import { scriptFrom } from '../engine/trusted.js';

/** The worker that keeps the page. It lies where the page does: it answers for what lies below itself. */
const OFFLINE = fileAt('offline-worker.js').href;

/** @typedef {{announce: (text: string) => void}} Page */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Keeps the page in the browser, where this is possible: over a secure connection, or on this computer itself.
 * @param {Page} page */
export async function setUpOffline(page) {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  try {
    const registration = await serviceWorker.register(scriptFrom(`${OFFLINE}?engine=${engineFile()}`), { updateViaCache: 'none' });
    // The first that is installed keeps what is on the page; those after it are newer.
    const offer = () => registration.waiting && serviceWorker.controller && offerNewer(page, registration.waiting);
    offer();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', offer);
    });
  } catch {
    // The page works without.
  }
}

/** @param {Page} page @param {ServiceWorker} newer */
function offerNewer(page, newer) {
  if (!byId('newer').hidden) return;
  byId('newer').hidden = false;
  byId('newer-text').textContent = t('A newer version of this page is here. It takes the place of this one when you want.');
  byId('newer-use').addEventListener('click', () => newer.postMessage('use'));
  byId('newer-later').addEventListener('click', () => {
    byId('newer').hidden = true;
    page.announce(t('This version stays until all of its tabs are closed.'));
    byId('main').focus();
  });
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (data?.type !== 'others-open') return;
    byId('newer-text').textContent = t('This page is open in another tab. Close that first, so that no tab has half of each version.');
  });
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
}

/** Stops keeping the page. */
export async function forgetPage() {
  const registrations = await navigator.serviceWorker?.getRegistrations() ?? [];
  const ours = registrations.filter(({ scope }) => OFFLINE.startsWith(scope));
  await Promise.all(ours.map((registration) => registration.unregister()));
}
