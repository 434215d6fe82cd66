// The languages that a visitor wants. The npm package replaces this script: there, the page that uses it decides.

/** What `?lang=` asks for, then the browser's languages. @returns {string[]} */
export function wantedLanguages() {
  const requested = new URLSearchParams(location.search).get('lang');
  return [...(requested ? [requested] : []), ...navigator.languages];
}
