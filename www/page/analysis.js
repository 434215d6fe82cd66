// Has a recording analyzed and shows the reading; again when the visitor chooses another model or channel.

import { analyzeFile } from '../engine/reading.js';
import { updateComparison } from './compare.js';
import { byId } from './dom.js';
import { describeError } from './errors.js';
import { updateFrontEnd } from './front-end.js';
import { storeEmbedding, updateInside } from './inside.js';
import { stopLive } from './live.js';
import { endMoments } from './moments.js';
import { showReading } from './result.js';
import { updateSave } from './save.js';
import { enrol, referenceFor, updateSpeaker } from './same-speaker.js';
import { noteReading } from './session.js';
import { announce, setBusy, showProblem, showStatus } from './status.js';
import { t } from './text.js';
import * as timeline from './timeline.js';
import { updateTrace } from './trace.js';
import { showClip } from './views.js';
import { updateExplanation } from './why.js';
import { describeReading } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Analyze} Analyze */
/** @typedef {import('../engine/types.d.ts').Channel} Channel */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Origin} Origin */

/** @type {Reading | undefined} */
let shown;
/** Analyzes the recording on the page again, with the model chosen by then.
 * @type {(() => Promise<void>) | undefined} */
let reanalyze;
/** Analyzes one channel of it, or all of them mixed.
 * @type {((channel?: Channel) => Promise<void>) | undefined} */
let reanalyzeChannel;
/** Analyses in progress. */
let running = 0;

byId('channel').addEventListener('change', () => {
  showProblem('');
  reanalyzeChannel?.(/** @type {import('../engine/types.d.ts').Channel | ''} */ (byId('channel').value) || undefined);
});

/** The reading on the page. */
export const shownReading = () => shown;

/** Analyzes the recording on the page, if there is one, again: with the model and the speaker reference of now. */
export async function reanalyzeShown() {
  await reanalyze?.();
}

/** Removes what belongs to an earlier recording, and shows where the next one appears. */
export function clearPrevious() {
  byId('more').replaceChildren();
  stopLive();
  timeline.clear();
  showClip();
}

/** How to analyze a file; whether the browser had to decode it is noted in `origin`.
 * @param {File} file @param {Origin} origin @returns {Analyze} */
export const fileAnalysis = (file, origin) => async (engine, speaker) => {
  const { reading, byBrowser } = await analyzeFile(engine, file, origin.channel, speaker);
  origin.byBrowser = byBrowser;
  return reading;
};

/** Analyzes a recording; says why if that fails.
 * @param {Engine} engine @param {Origin} origin @param {Analyze} analyze @param {(reason: string) => void} [onFailure]
 * @returns {Promise<Reading | undefined>} */
export async function tryAnalysis(engine, origin, analyze, onFailure = (reason) => showProblem(`${origin.source}: ${reason}`)) {
  running += 1;
  setBusy(true);
  try {
    await endMoments();
    origin.speaker = origin.own && await referenceFor(engine, origin.own);
    const reading = await analyze(engine, origin.speaker);
    enrol(origin, reading);
    noteReading(origin, reading.report);
    return reading;
  } catch (error) {
    onFailure(describeError(error));
    showStatus('');
    return undefined;
  } finally {
    running -= 1;
    setBusy(running > 0);
  }
}

/** Analyzes a recording and shows the reading.
 * @param {Engine} engine @param {Origin} origin @param {Analyze} analyze @returns {Promise<Reading | undefined>} */
export async function analyzeAndShow(engine, origin, analyze) {
  const reading = await tryAnalysis(engine, origin, analyze);
  if (!reading) return undefined;
  present(engine, reading, origin, analyze);
  // A model that was chosen during the analysis found nothing on the page to read again.
  if (reading.report.model !== (await engine.manifest()).name && shown === reading) await reanalyzeShown();
  return reading;
}

/** Shows a reading in all views. @param {Engine} engine @param {Reading} reading @param {Origin} origin
 * @param {Analyze} analyze How it was made. */
export function present(engine, reading, origin, analyze) {
  shown = reading;
  reanalyze = async () => {
    showStatus(t('Listening to {source} again.', { source: origin.source }));
    await analyzeAndShow(engine, origin, analyze);
  };
  reanalyzeChannel = async (channel) => {
    if (!origin.file) return;
    showStatus(t('Listening to {source} again.', { source: origin.source }));
    /** @type {Origin} */ const chosen = { ...origin, channel };
    const other = await analyzeAndShow(engine, chosen, fileAnalysis(origin.file, chosen));
    if (!other) byId('channel').value = String(origin.channel ?? '');
  };
  showReading(reading, origin);
  updateTrace(engine, reading, origin.speaker);
  storeEmbedding(origin.source, reading);
  updateExplanation(engine, reading, origin.speaker);
  updateInside(engine, reading);
  updateFrontEnd(engine, reading);
  updateComparison(engine, analyze);
  updateSpeaker(engine, reading, origin);
  updateSave(reading, origin);
  const { headline, explained } = describeReading(reading.report);
  showStatus('');
  announce(`${headline}. ${explained}`);
}
