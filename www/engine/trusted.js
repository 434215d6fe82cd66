// The one place that makes script URLs: the page's Trusted Types policy lets no other text become code.

/** @type {{createPolicy: (name: string, rules: {createScriptURL: (url: string) => string}) => {createScriptURL: (url: string) => any}} | undefined} */
const trustedTypes = /** @type {any} */ (globalThis).trustedTypes;

/** The service workers, that of the page with its parameter. */
const SERVICE_WORKERS = /^[^?]*\/(offline-worker\.js\?engine=\w+\.wasm|www\/share-worker\.js)$/;

/** @param {string} url */
function checked(url) {
  if (url.startsWith(`blob:${location.origin}/`) || (url.startsWith(`${location.origin}/`) && SERVICE_WORKERS.test(url))) return url;
  throw new TypeError(`${url} is no script of this page`);
}

/** None on other sites' pages, which may allow only policies of their own. */
const policy = (() => {
  try {
    return trustedTypes?.createPolicy('sottovoce', { createScriptURL: checked });
  } catch {
    return undefined;
  }
})();

/** The address of a script, checked. @param {string} url @returns {string} */
export const scriptFrom = (url) => policy?.createScriptURL(url) ?? checked(url);
