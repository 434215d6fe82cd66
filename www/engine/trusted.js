// The one place that may name a script to run: the page's policy on Trusted Types lets no other text become code.

/** @type {{createPolicy: (name: string, rules: {createScriptURL: (url: string) => string}) => {createScriptURL: (url: string) => any}} | undefined} */
const trustedTypes = /** @type {any} */ (globalThis).trustedTypes;

/** The worker that keeps the page. It lies where the page does: it answers for what lies below itself. */
export const OFFLINE = new URL('../../offline-worker.js', import.meta.url).href;

/** @param {string} url */
function known(url) {
  if (url.startsWith(`${OFFLINE}?engine=`) || url.startsWith(`blob:${location.origin}/`)) return url;
  throw new TypeError(`${url} is no script of this page`);
}

const policy = trustedTypes?.createPolicy('sottovoce', { createScriptURL: known });

/** The address of a script, checked. @param {string} url @returns {string} */
export const scriptFrom = (url) => policy?.createScriptURL(url) ?? known(url);
