// The one place that may name a script to run: the page's policy on Trusted Types lets no other text become code.

/** @type {{createPolicy: (name: string, rules: {createScriptURL: (url: string) => string}) => {createScriptURL: (url: string) => any}} | undefined} */
const trustedTypes = /** @type {any} */ (globalThis).trustedTypes;

/** The worker that keeps the page, with what it is told. */
const OFFLINE = /^[^?]*\/offline-worker\.js\?engine=\w+\.wasm$/;

/** @param {string} url */
function known(url) {
  if (url.startsWith(`blob:${location.origin}/`) || (url.startsWith(`${location.origin}/`) && OFFLINE.test(url))) return url;
  throw new TypeError(`${url} is no script of this page`);
}

/** None on pages of others, which may allow no policy but their own. */
const policy = (() => {
  try {
    return trustedTypes?.createPolicy('sottovoce', { createScriptURL: known });
  } catch {
    return undefined;
  }
})();

/** The address of a script, checked. @param {string} url @returns {string} */
export const scriptFrom = (url) => policy?.createScriptURL(url) ?? known(url);
