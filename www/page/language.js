// The choice of a language: another one reloads the page.

import { language } from './text.js';

export function setUpLanguage() {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById('language'));
  select.value = language;
  select.addEventListener('change', () => {
    const address = new URL(location.href);
    address.searchParams.set('lang', select.value);
    location.assign(address);
  });
  // Links to the site's other pages keep it.
  const requested = new URLSearchParams(location.search).get('lang');
  if (!requested) return;
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href*=".html"]'))) {
    link.search = `?lang=${encodeURIComponent(requested)}`;
  }
}
