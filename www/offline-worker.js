// Keeps this version of the page in the browser, whole or not at all, and answers from it when there is no network.
//
// The build puts `VERSION` and `FILES` before this text: the hash of each file that belongs to the page. Models are not
// among them; the page keeps those that it has loaded.

/** @typedef {{waitUntil: (done: Promise<unknown>) => void}} Lifetime */
/** @typedef {Lifetime & {request: Request, respondWith: (response: Promise<Response>) => void}} Fetched */
/** @typedef {Lifetime & {data: unknown, source: {postMessage: (data: unknown) => void}}} Told */

const worker = /** @type {any} */ (self);
const scope = worker.registration.scope;
/** Of all pages like this one at this address. */
const OURS = `sottovoce-page ${scope} `;
const CACHE = `${OURS}${VERSION}`;

/** The engine for this browser; the others are not kept. */
const ENGINE = new URL(worker.location.href).searchParams.get('engine');

worker.addEventListener('install', (/** @type {Lifetime} */ event) => event.waitUntil(keepAll()));
worker.addEventListener('activate', (/** @type {Lifetime} */ event) => event.waitUntil(forgetOlder()));
worker.addEventListener('fetch', (/** @type {Fetched} */ event) => {
  const path = pathOf(event.request);
  if (path !== undefined) event.respondWith(answer(event.request, path));
});

// A visitor wants this version now. Pages of the one before must not meet files of this one.
worker.addEventListener('message', async (/** @type {Told} */ { data, source }) => {
  if (data !== 'use') return;
  const pages = await worker.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  const open = pages.filter((/** @type {{frameType: string}} */ { frameType }) => frameType !== 'nested');
  if (open.length > 1) source.postMessage({ type: 'others-open' });
  else worker.skipWaiting();
});

async function keepAll() {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(Object.entries(FILES).filter(([path]) => path === ENGINE || !path.endsWith('.wasm'))
      .map(async ([path, integrity]) => cache.put(path, await whole(path, integrity))));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** A file as the build made it: what the browser has may be of an older version.
 * @param {string} path @param {string} integrity */
const whole = (path, integrity) => fetch(path, { integrity })
  .catch(() => fetch(path, { integrity, cache: 'reload' }))
  .then((response) => {
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  });

async function forgetOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

/** Which of the page's files is asked for, if it is one. @param {Request} request */
function pathOf({ method, url }) {
  if (method !== 'GET' || !url.startsWith(scope)) return undefined;
  const path = new URL(url).pathname.slice(new URL(scope).pathname.length);
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  return Object.hasOwn(FILES, file) ? file : undefined;
}

/** @param {Request} request @param {string} path */
async function answer(request, path) {
  const kept = await caches.match(new URL(path, scope).href, { cacheName: CACHE });
  return kept ?? fetch(request);
}
