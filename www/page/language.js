// The choice of a language: another one opens the page anew.

import { language } from './text.js';

export function setUpLanguage() {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById('language'));
  select.value = language;
  select.addEventListener('change', () => {
    const address = new URL(location.href);
    address.searchParams.set('lang', select.value);
    location.assign(address);
  });
  // The site's other pages are read in it too.
  const asked = new URLSearchParams(location.search).get('lang');
  if (!asked) return;
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href$=".html"]'))) {
    link.search = `?lang=${encodeURIComponent(asked)}`;
  }
}
