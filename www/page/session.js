// What was read in this tab, as a list to print. It is kept nowhere.

import { byId } from './dom.js';
import { language, t } from './text.js';
import { describeReading, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Report} Report */
/** @typedef {import('./types.d.ts').Origin} Origin */

/** @type {{of: symbol | string, at: Date, source: string, report: Report}[]} */
let readings = [];

/** Adds a reading; one of the same recording by the same model takes its place. @param {Origin} origin @param {Report} report */
export function noteReading({ own, source }, report) {
  const of = own ?? source;
  const same = readings.findIndex((reading) => reading.of === of && reading.report.model === report.model);
  if (same >= 0) readings[same] = { ...readings[same], report };
  else readings.push({ of, at: new Date(), source, report });
}

export function showSession() {
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  byId('session-date').textContent = new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date());
  byId('session-rows').replaceChildren(...readings.map(({ at, source, report }) => {
    const row = document.createElement('tr');
    row.insertCell().textContent = time.format(at);
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = source;
    row.append(head);
    const { headline, explained } = describeReading(report);
    const said = row.insertCell();
    const strong = document.createElement('strong');
    strong.textContent = headline;
    said.append(strong, ` ${explained}`);
    row.insertCell().textContent = report.model;
    return row;
  }));
  byId('session-clear').disabled = !readings.length;
  byId('session-print').disabled = !readings.length;
}

export function setUpSession() {
  byId('session-print').addEventListener('click', () => print());
  byId('session-clear').addEventListener('click', () => {
    readings = [];
    showSession();
    byId('save-title').focus();
  });
}
