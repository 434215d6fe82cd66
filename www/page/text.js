// The page's texts in the visitor's language. English texts stand in the HTML files and in the scripts; a file in www/languages
// maps each to another language, with the same placeholders in braces.

import { fileAt } from '../engine/files.js';
import { wantedLanguages } from './wanted-languages.js';

/** The languages of the page. */
const LANGUAGES = ['en', 'de', 'es', 'fr', 'zh'];

const ATTRIBUTES = ['aria-label', 'title', 'content'];

/** The first of the wanted languages that is available. */
function wantedLanguage() {
  return wantedLanguages().map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => LANGUAGES.includes(tag)) ?? 'en';
}

/** @param {string} wanted @returns {Promise<Record<string, string> | undefined>} */
async function load(wanted) {
  if (wanted === 'en') return {};
  const response = await fetch(fileAt(`www/languages/${wanted}.json`)).catch(() => undefined);
  return response?.ok ? response.json() : undefined;
}

// Modules that import this one run after it: their texts are in the visitor's language from the start.
const loaded = await load(wantedLanguage());
const dictionary = loaded ?? {};
/** The page's language: English if another could not be loaded. */
export const language = loaded ? wantedLanguage() : 'en';

/** Dictionary entries for texts whose placeholders are already filled in: theirs are numbers, not names. */
const patterns = Object.entries(dictionary).filter(([english]) => /\{\d\}/.test(english)).map(([english, text]) => {
  const parts = english.split(/\{(\d)\}/);
  const names = parts.filter((_, i) => i % 2);
  const pattern = parts.map((part, i) => (i % 2 ? '(.+)' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
  return { pattern: new RegExp(`^${pattern}$`, 's'), names, text };
});

/** A text in the visitor's language. @param {string} english @param {Record<string, string | number>} [values] */
export const t = (english, values = {}) => fill(dictionary[english] ?? english, values);

/** Translates a text whose placeholders are already filled in, such as an error message of the engine.
 * @param {string} english */
export function translated(english) {
  if (Object.hasOwn(dictionary, english)) return dictionary[english];
  for (const { pattern, names, text } of patterns) {
    const match = english.match(pattern);
    if (match) return fill(text, Object.fromEntries(names.map((name, i) => [name, match[i + 1]])));
  }
  return english;
}

/** @param {string} text @param {Record<string, string | number>} values */
const fill = (text, values) => text.replaceAll(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** Cached: making a format takes a hundred times as long as using it. @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} value @param {number} digits After the decimal point. */
export function decimal(value, digits) {
  // The same in English, without loading the browser's locale data.
  if (language === 'en') return value.toFixed(digits);
  const format = formats.get(digits)
    ?? new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  formats.set(digits, format);
  return format.format(value);
}

/** The texts below an element, each with a function that replaces it.
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
      // Of <meta>, the description only.
      if (!text || (name === 'content' && node.getAttribute('name') !== 'description')) continue;
      found.push({ text, put: (/** @type {string} */ other) => node.setAttribute(name, other) });
    }
  }
  return found;
}

/** Translates all texts on the page. */
export function translatePage() {
  if (language === 'en') return;
  document.documentElement.lang = language;
  for (const { text, put } of textsOf(document.documentElement)) {
    if (Object.hasOwn(dictionary, text)) put(dictionary[text]);
  }
}
