// Recordings that the system hands over: shared from another app, or opened with this one.

import { fileAt } from '../engine/files.js';
import { scriptFrom } from '../engine/trusted.js';
import { attempt, showProblem } from './status.js';
import { t } from './text.js';

/** As in the specification; TypeScript does not know it.
 * @typedef {{setConsumer: (consumer: (launched: {files: FileSystemFileHandle[]}) => void) => void}} LaunchQueue */

/** In the address when another app has shared something. */
const SHARED = 'shared';

/** @param {(files: File[]) => Promise<void>} analyze */
export function setUpHandedOver(analyze) {
  const { launchQueue } = /** @type {{launchQueue?: LaunchQueue}} */ (globalThis);
  launchQueue?.setConsumer(({ files }) => attempt(async () => {
    const opened = await Promise.all(files.map((handle) => handle.getFile()));
    if (opened.length) await analyze(opened);
  }));
  const address = new URL(location.href);
  if (!address.searchParams.has(SHARED)) return;
  address.searchParams.delete(SHARED);
  history.replaceState(null, '', address);
  attempt(async () => {
    const files = await takeShared();
    if (files.length) await analyze(files);
    else showProblem(t('Nothing that was shared arrived here. Share it once more, or choose the file.'));
  });
}

/** Where the share target is, as in the app manifest. */
const TARGET = fileAt('www/share').href;

/** Registers the service worker of the share target. */
export const registerShareTarget = () =>
  navigator.serviceWorker.register(scriptFrom(fileAt('www/share-worker.js').href), { scope: TARGET, updateViaCache: 'none' });

/** @returns {Promise<File[]>} */
async function takeShared() {
  const registration = await navigator.serviceWorker?.getRegistration(TARGET);
  if (!registration?.active) return [];
  const { port1, port2 } = new MessageChannel();
  const files = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  registration.active.postMessage('take', [port2]);
  return files;
}
