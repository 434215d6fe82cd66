// The service worker of the share target: takes the recordings that another app shares, and hands them to the page. It stores nothing,
// and keeps them from the network; so it stays when a visitor deletes what the page keeps.

const worker = /** @type {any} */ (self);
/** The page. */
const PAGE = new URL('../', worker.location.href);
/** What the page has not taken yet. @type {File[]} */
let shared = [];

worker.addEventListener('install', () => worker.skipWaiting());

worker.addEventListener('fetch', (/** @type {{request: Request, respondWith: (response: Promise<Response>) => void}} */ event) => {
  event.respondWith(take(event.request));
});

worker.addEventListener('message', (/** @type {MessageEvent} */ { ports: [port] }) => {
  port.postMessage(shared.splice(0));
});

/** @param {Request} request */
async function take(request) {
  const form = request.method === 'POST' ? await request.formData() : new FormData();
  shared = form.getAll('recordings').filter((entry) => entry instanceof File);
  return Response.redirect(new URL('?shared', PAGE).href, 303);
}
