// Taking a reading along: a card of it, and a list of what was read in this tab.

import { dataUrl, drawCard, png, svgText } from './card.js';
import { byId } from './dom.js';
import { fileNameOf, saveAs } from './download.js';
import { setUpSession, showSession } from './session.js';
import { attempt } from './status.js';
import { clipTrace, whenColoured } from './trace.js';
import { isShown, whenShown } from './views.js';
import { describeReading } from './words.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Origin} Origin */

/** @type {{reading: Reading, source: string} | undefined} */
let shown;
/** The card as SVG. */
let svg = '';

export function setUpSave() {
  setUpSession();
  whenShown('save', drawSaved);
  whenColoured(drawSaved);
  const name = (/** @type {string} */ extension) => fileNameOf(shown?.source ?? '', extension);
  byId('card-svg').addEventListener('click', () => saveAs(name('svg'), svg, 'image/svg+xml'));
  byId('card-png').addEventListener('click', () => attempt(async () => saveAs(name('png'), await png(svg), 'image/png')));
}

/** For a new reading on the page. @param {Reading} reading @param {Origin} origin */
export function updateSave(reading, { source }) {
  shown = { reading, source };
  drawSaved();
}

/** Draws the card; again when colours change, or more of its trace is known. */
export function drawSaved() {
  if (!isShown('save')) return;
  showSession();
  byId('card-empty').hidden = Boolean(shown);
  byId('card-whole').hidden = !shown;
  if (!shown) return;
  const { headline, explained } = describeReading(shown.reading.report);
  svg = svgText(drawCard(shown.reading.report, clipTrace()));
  byId('card').src = dataUrl(svg);
  byId('card').alt = `${headline}. ${explained}`;
}
