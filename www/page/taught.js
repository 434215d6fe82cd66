// What was taught: how well the classes are separated, and what the classifier says of a clip.

import { byId } from './dom.js';
import { t } from './text.js';
import { percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').CustomClasses} CustomClasses */
/** @typedef {import('../engine/types.d.ts').Report} Report */

/** Recordings of each class that serve it well, and the share of them below which a class counts as not known. */
const GOOD_CLIPS = 10;
const WEAK_BELOW = 0.6;

/** What is recognized of the recordings by a classifier trained without each of them.
 * @param {CustomClasses} classes */
export function showLeaveOneOut({ names, clips, leave_one_out: counts }) {
  const right = counts.reduce((sum, row, i) => sum + row[i], 0);
  const all = clips.reduce((sum, count) => sum + count, 0);
  const weak = names.filter((_, i) => counts[i][i] < WEAK_BELOW * clips[i]);
  const parts = [t('Taught without each recording in turn, it tells {right} of {all} right.', { right, all })];
  if (weak.length) parts.push(t('It knows too little of {names}: record more of it, as different as it will be.', { names: weak.join(', ') }));
  else if (Math.min(...clips) < GOOD_CLIPS) parts.push(t('With ten of each it would be surer.'));
  byId('teach-summary').textContent = parts.join(' ');
  const head = document.createElement('tr');
  head.append(cell('th', t('Recordings of')), ...names.map((name) => cell('th', t('taken for {name}', { name }))));
  byId('teach-rows').replaceChildren(head, ...names.map((name, i) => {
    const row = document.createElement('tr');
    row.append(cell('th', name), ...counts[i].map((count) => cell('td', String(count))));
    return row;
  }));
}

/** @param {'th' | 'td'} tag @param {string} text */
function cell(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** Makes a row for each class. @param {string[]} names */
export function layOutClassBars(names) {
  byId('teach-bars').replaceChildren(...names.map((name) => {
    const row = document.createElement('li');
    const track = document.createElement('span');
    track.className = 'track';
    track.append(document.createElement('span'));
    track.setAttribute('aria-hidden', 'true');
    const title = Object.assign(document.createElement('span'), { className: 'name', textContent: name });
    const value = Object.assign(document.createElement('span'), { className: 'value', textContent: '–' });
    row.append(document.createElement('span'), title, track, value);
    return row;
  }));
}

/** @param {string[]} names Of the classes. @param {Report | undefined} report None where there is too little speech. */
export function showOpinion(names, report) {
  const custom = report?.custom;
  for (const [index, name] of names.entries()) {
    const row = byId('teach-bars').children[index];
    const share = custom?.probabilities[name] ?? 0;
    row.classList.toggle('top', name === custom?.label);
    /** @type {HTMLElement} */ (row.querySelector('.track > span')).style.width = `${100 * share}%`;
    /** @type {HTMLElement} */ (row.querySelector('.value')).textContent = custom ? percent(share) : '–';
  }
  byId('teach-said').textContent = describeOpinion(custom);
}

/** @param {import('../engine/types.d.ts').CustomOpinion | undefined} custom */
function describeOpinion(custom) {
  if (!custom) return t('No speech found');
  const values = { name: custom.label, share: percent(custom.probabilities[custom.label]) };
  switch (custom.certainty) {
    case 'likely': return t('{name}, {share}', values);
    case 'leaning': return t('Perhaps {name}, {share}', values);
    default: return t('Hard to tell; first {name} with {share}', values);
  }
}
