// What the page says, in the visitor's language. English stands where it is said, in index.html and in the scripts; a file
// in www/languages says the same in another language, text by text, with the same names in braces.

/** What the page can be read in. */
const LANGUAGES = ['en', 'de', 'es', 'fr', 'zh'];

const ATTRIBUTES = ['aria-label', 'title', 'content'];

/** What `?lang=` asks for, or else the first of the browser's languages that there is. */
function wantedLanguage() {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [...(asked ? [asked] : []), ...navigator.languages].map((tag) => tag.toLowerCase().split('-')[0]);
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? 'en';
}

/** @param {string} wanted @returns {Promise<Record<string, string> | undefined>} */
async function load(wanted) {
  if (wanted === 'en') return {};
  const response = await fetch(new URL(`../languages/${wanted}.json`, import.meta.url)).catch(() => undefined);
  return response?.ok ? response.json() : undefined;
}

// Scripts that say anything are run after this: what they say from the start is in the visitor's language.
const loaded = await load(wantedLanguage());
const dictionary = loaded ?? {};
/** What the page speaks: English if another could not be loaded. */
export const language = loaded ? wantedLanguage() : 'en';

/** Those of the dictionary for texts that come filled in: they have numbers where these scripts' own have names. */
const patterns = Object.entries(dictionary).filter(([english]) => /\{\d\}/.test(english)).map(([english, text]) => {
  const parts = english.split(/\{(\d)\}/);
  const names = parts.filter((_, i) => i % 2);
  const pattern = parts.map((part, i) => (i % 2 ? '(.+)' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
  return { pattern: new RegExp(`^${pattern}$`, 's'), names, text };
});

/** A text in the visitor's language. @param {string} english @param {Record<string, string | number>} [values] */
export const t = (english, values = {}) => fill(dictionary[english] ?? english, values);

/** A text that comes filled in, from below the page: what the engine says of a recording, for one.
 * @param {string} english */
export function translated(english) {
  if (Object.hasOwn(dictionary, english)) return dictionary[english];
  for (const { pattern, names, text } of patterns) {
    const found = english.match(pattern);
    if (found) return fill(text, Object.fromEntries(names.map((name, i) => [name, found[i + 1]])));
  }
  return english;
}

/** @param {string} text @param {Record<string, string | number>} values */
const fill = (text, values) => text.replaceAll(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** To make one takes a hundred times as long as to use it. @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} value @param {number} digits Behind the point. */
export function decimal(value, digits) {
  // The same in English, without loading what the browser knows of all languages.
  if (language === 'en') return value.toFixed(digits);
  const format = formats.get(digits)
    ?? new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  formats.set(digits, format);
  return format.format(value);
}

/** The texts of a part of the page, each with how to put another in its place.
 * @param {Element} root @returns {{text: string, put: (text: string) => void}[]} */
export function textsOf(root) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.currentNode; node; node = /** @type {Node} */ (walker.nextNode())) {
    if (node instanceof Text && !node.parentElement?.closest('script, style, noscript, [translate="no"]')) {
      const text = (node.nodeValue ?? '').replaceAll(/\s+/g, ' ').trim();
      const [before] = (node.nodeValue ?? '').match(/^\s*/) ?? [''];
      const [after] = (node.nodeValue ?? '').match(/\s*$/) ?? [''];
      if (/\p{L}/u.test(text)) found.push({ text, put: (/** @type {string} */ other) => { node.nodeValue = before + other + after; } });
    }
    if (!(node instanceof Element)) continue;
    for (const name of ATTRIBUTES) {
      const text = node.getAttribute(name);
      // Of <meta>, what search engines show.
      if (!text || (name === 'content' && node.getAttribute('name') !== 'description')) continue;
      found.push({ text, put: (/** @type {string} */ other) => node.setAttribute(name, other) });
    }
  }
  return found;
}

/** Puts all that stands on the page into the visitor's language. */
export function translatePage() {
  if (language === 'en') return;
  document.documentElement.lang = language;
  for (const { text, put } of textsOf(document.documentElement)) {
    if (Object.hasOwn(dictionary, text)) put(dictionary[text]);
  }
}
