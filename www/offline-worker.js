// The service worker: caches this version of the page, all of it or nothing, and serves it with or without the network.
//
// The build prepends `VERSION` and `FILES`, the hash of each file of the page. Models are not among them: the page caches those
// that it loads.

/** @typedef {{waitUntil: (done: Promise<unknown>) => void}} ExtendableEvent */
/** @typedef {ExtendableEvent & {request: Request, respondWith: (response: Promise<Response>) => void}} FetchEvent */
/** @typedef {ExtendableEvent & {data: unknown, source: {postMessage: (data: unknown) => void}}} ExtendableMessageEvent */

const worker = /** @type {any} */ (self);
const scope = worker.registration.scope;
/** Prefix of the caches of all versions of this page at this address. */
const PREFIX = `sottovoce-page ${scope} `;
const CACHE = `${PREFIX}${VERSION}`;

/** The engine for this browser; the other is not cached. */
const ENGINE = new URL(worker.location.href).searchParams.get('engine');

worker.addEventListener('install', (/** @type {ExtendableEvent} */ event) => event.waitUntil(cacheAll()));
worker.addEventListener('activate', (/** @type {ExtendableEvent} */ event) => event.waitUntil(deleteOlder()));
worker.addEventListener('fetch', (/** @type {FetchEvent} */ event) => {
  // The share target has a worker of its own; where that is missing, nothing that is shared may reach the network.
  if (event.request.method === 'POST' && event.request.url.startsWith(scope)) {
    event.respondWith(Promise.resolve(Response.redirect(new URL('?shared', scope).href, 303)));
    return;
  }
  const path = pathOf(event.request);
  if (path !== undefined) event.respondWith(answer(event.request, path));
});

// A visitor wants this version now. Open pages of an older one must not get files of this one.
worker.addEventListener('message', async (/** @type {ExtendableMessageEvent} */ { data, source }) => {
  if (data !== 'use') return;
  const pages = await worker.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  const open = pages.filter((/** @type {{frameType: string}} */ { frameType }) => frameType !== 'nested');
  if (open.length > 1) source.postMessage({ type: 'others-open' });
  else worker.skipWaiting();
});

async function cacheAll() {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(Object.entries(FILES).filter(([path]) => path === ENGINE || !path.endsWith('.wasm'))
      .map(async ([path, integrity]) => cache.put(path, await fetchChecked(path, integrity))));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** Fetches a file as the build made it: the HTTP cache may have an older version.
 * @param {string} path @param {string} integrity */
const fetchChecked = (path, integrity) => fetch(path, { integrity })
  .catch(() => fetch(path, { integrity, cache: 'reload' }))
  .then((response) => {
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  });

async function deleteOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

/** The path of the requested file, if it is one of the page's. @param {Request} request */
function pathOf({ method, url }) {
  if (method !== 'GET' || !url.startsWith(scope)) return undefined;
  const path = new URL(url).pathname.slice(new URL(scope).pathname.length);
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  return Object.hasOwn(FILES, file) ? file : undefined;
}

/** @param {Request} request @param {string} path */
async function answer(request, path) {
  const cached = await caches.match(new URL(path, scope).href, { cacheName: CACHE });
  return cached ?? fetch(request);
}
