// The page without the network: a service worker stores it, and the visitor decides when a newer version replaces this one.

import { engineFile } from '../engine/engine-file.js';
import { fileAt } from '../engine/files.js';
import { scriptFrom } from '../engine/trusted.js';
import { byId } from './dom.js';
import { registerShareTarget } from './handed-over.js';
import { announce } from './status.js';
import { t } from './text.js';

/** The service worker. It is in the page's folder, since its scope is its own folder. */
const OFFLINE = fileAt('offline-worker.js').href;

/** Stores the page in the browser where possible: over a secure connection, or on this computer itself. */
export async function setUpOffline() {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  registerShareTarget().catch(() => {});
  try {
    const registration = await serviceWorker.register(scriptFrom(`${OFFLINE}?engine=${engineFile()}`), { updateViaCache: 'none' });
    // The first one to be installed is of this page's version; later ones are newer.
    const offer = () => registration.waiting && serviceWorker.controller && offerNewer(registration.waiting);
    offer();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', offer);
    });
  } catch {
    // The page works without.
  }
}

/** @param {ServiceWorker} newer */
function offerNewer(newer) {
  if (!byId('newer').hidden) return;
  byId('newer').hidden = false;
  byId('newer-text').textContent = t('A newer version of this page is here. It takes the place of this one when you want.');
  byId('newer-use').addEventListener('click', () => newer.postMessage('use'));
  byId('newer-later').addEventListener('click', () => {
    byId('newer').hidden = true;
    announce(t('This version stays until all of its tabs are closed.'));
    byId('main').focus();
  });
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (data?.type !== 'others-open') return;
    byId('newer-text').textContent = t('This page is open in another tab. Close that first, so that no tab has half of each version.');
  });
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
}

/** Removes the service worker. */
export async function unregisterOffline() {
  const registrations = await navigator.serviceWorker?.getRegistrations() ?? [];
  const ours = registrations.filter(({ scope }) => OFFLINE.startsWith(scope));
  await Promise.all(ours.map((registration) => registration.unregister()));
}

/** Says, while there is no network, that none is needed. */
export function setUpOfflineBadge() {
  const show = () => {
    byId('offline').hidden = navigator.onLine;
    byId('hint').hidden = !navigator.onLine;
  };
  addEventListener('online', show);
  addEventListener('offline', show);
  show();
}
