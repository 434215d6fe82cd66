// Views of the page, each with an address: what follows "#". Links lead to them, and the browser's back button returns. No element
// has a view's name for its id, so that browsers do not scroll by themselves.

import { below } from './dom.js';

/** The view of an address without one. */
const FIRST = 'reading';
/** Views of the clip on the page: another clip leaves them open. */
const OF_CLIP = ['reading', 'why', 'inside', 'models', 'speaker', 'save', 'steps'];

/** Parts of the page that not all views show. @type {HTMLElement[]} */
const parts = [...document.querySelectorAll('[data-views]')].map((part) => /** @type {HTMLElement} */ (part));
/** @param {HTMLElement} part */
const viewsOf = (part) => (part.dataset.views ?? '').split(' ');

let shown = '';
/** @type {{view: string, callback: () => void}[]} */
const callbacks = [];
/** Those for views that are left. @type {typeof callbacks} */
const leaving = [];

/** @param {string} view */
export const isShown = (view) => shown === view;

/** @param {string} view @param {() => void} callback Called whenever it is shown. */
export function whenShown(view, callback) {
  callbacks.push({ view, callback });
  if (isShown(view)) callback();
}

/** @param {string} view @param {() => void} callback Called whenever another takes its place. */
export const whenHidden = (view, callback) => { leaving.push({ view, callback }); };

/** Goes to a view, as its link does. @param {string} view */
export function show(view) {
  if (isShown(view)) return;
  history.pushState(null, '', `#${view}`);
  update();
}

/** Goes to the reading in place of a view that has nothing to show any more, which the back button then skips. */
export function showFirst() {
  history.replaceState(null, '', `#${FIRST}`);
  update();
}

/** Goes to the reading, unless a view of the clip is open already. */
export function showClip() {
  if (!OF_CLIP.includes(shown)) show(FIRST);
}

/** Shows the view of the address; the address of something else changes nothing. @returns {boolean} Whether another was shown. */
function update() {
  const asked = location.hash.slice(1) || FIRST;
  const view = parts.some((part) => viewsOf(part).includes(asked)) ? asked : shown || FIRST;
  if (isShown(view)) return false;
  for (const { view, callback } of leaving) if (isShown(view)) callback();
  shown = view;
  document.documentElement.dataset.view = view;
  for (const part of parts) part.hidden = !viewsOf(part).includes(view);
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href^="#"]:not(.back)'))) {
    if (link.hash !== `#${view}`) {
      link.removeAttribute('aria-current');
      continue;
    }
    link.setAttribute('aria-current', 'page');
    // The links to views may be wider than a phone.
    const list = /** @type {HTMLElement} */ (link.parentElement);
    list.scrollLeft = link.offsetLeft - list.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
  }
  for (const { view, callback } of callbacks) if (isShown(view)) callback();
  return true;
}

/** The heading of the view: that of the part which the fewest views share. */
function heading() {
  const own = parts.filter((part) => viewsOf(part).includes(shown) && part.querySelector('[tabindex="-1"]'))
    .sort((a, b) => viewsOf(a).length - viewsOf(b).length)[0];
  return below(own, '[tabindex="-1"]');
}

/** Shows the view of the address, and those that visitors go to from then on. */
export function setUpViews() {
  update();
  addEventListener('hashchange', () => fade(() => {
    if (!update()) return;
    // No further than needed: the picture above it stays in view.
    heading().focus({ preventScroll: true });
    heading().scrollIntoView({ block: 'nearest' });
  }));
}

/** Fades from one view to the next, where that is wanted and the browser can. @param {() => void} change */
function fade(change) {
  if (!document.startViewTransition || matchMedia('(prefers-reduced-motion: reduce)').matches) return change();
  // Not ready means not shown, as when the next one has begun: no error.
  document.startViewTransition(change).ready.catch(() => {});
}
