// The language of the page that uses the package, then those of the browser. Elsewhere than in a browser there are none.

/** @returns {string[]} */
export function wantedLanguages() {
  const { lang } = globalThis.document?.documentElement ?? {};
  return [...(lang ? [lang] : []), ...(globalThis.navigator?.languages ?? [])];
}
