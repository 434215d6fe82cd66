// The speaker reference: what is known of one person's voice from recordings of this visit, and what it changes in a reading.
//
// Recordings of visitors' own, from the microphone or files, are conditioned on the others once they say that one person speaks in all
// of them. What is kept of a recording is its enrolment: sums from which no audio can be recovered.

import { byId } from './dom.js';
import { announce, attempt } from './status.js';
import { decimal, t } from './text.js';
import { EMOTIONS, NAMES, describeReading, percent } from './words.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../engine/types.d.ts').Manifest} Manifest */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('../engine/types.d.ts').SpeakerReference} SpeakerReference */
/** @typedef {import('./types.d.ts').Origin} Origin */

/** What a recording, or an earlier visit, adds to the reference of a model.
 * @typedef {{of: symbol | string, model: string, enrolment: string}} Enrolment */

const STORE = 'sottovoce-speaker';
/** Variance of the embeddings below which recordings count as alike, and from which they count as varied; 1 is that of the training
 * clips of all speakers. Six clips of an unseen speaker drawn at random have 0.54 to 0.80, six neutral ones 0.36 to 0.66 (the middle
 * four fifths of 24 speakers). */
const ALIKE = 0.45;
const VARIED = 0.65;
/** In the place of a recording: what an earlier visit left. */
const EARLIER_VISIT = Symbol('an earlier visit');

/** @type {Enrolment[]} */
let enrolments = [];
/** The last two recordings of the visitor's, which need not be of one person. @type {Enrolment[]} */
let latest = [];
/** The reading on the page. @type {Reading | undefined} */
let shown;
/** The model in use, by name and weights, if it takes references. */
let model = '';

/** Whether one person speaks in all recordings that are given. */
export const isSameSpeaker = () => byId('same-speaker').checked;

/** @param {Engine} engine @param {() => Promise<void>} reanalyze Analyzes the recording on the page again. */
export function setUpSameSpeaker(engine, reanalyze) {
  restore();
  const update = async () => {
    byId('speaker-offer').hidden = true;
    if (isSameSpeaker()) latest.slice(-1).forEach(add);
    await reanalyze();
    await showKnown(engine);
    announce(byId('speaker-known').textContent ?? '');
  };
  byId('same-speaker').addEventListener('change', () => attempt(update));
  byId('speaker-accept').addEventListener('click', () => attempt(async () => {
    byId('same-speaker').checked = true;
    latest.forEach(add);
    await update();
    byId('headline').focus();
  }));
  byId('speaker-forget').addEventListener('click', () => attempt(async () => {
    forgetSpeaker();
    await update();
    byId('speaker-title').focus();
  }));
  byId('speaker-keep').addEventListener('click', () => attempt(async () => {
    const reference = await merged(engine, () => true);
    if (reference) localStorage.setItem(STORE, JSON.stringify({ model, enrolment: reference.reference }));
    await showKnown(engine);
    announce(byId('speaker-kept').textContent ?? '');
  }));
}

/** Forgets the voice, also what is kept of it. */
export function forgetSpeaker() {
  enrolments = [];
  latest = [];
  byId('same-speaker').checked = false;
  globalThis.localStorage?.removeItem(STORE);
}

/** Whether something of a voice is kept in this browser. */
export const isSpeakerKept = () => globalThis.localStorage?.getItem(STORE) !== null;

/** What an earlier visit kept. */
function restore() {
  const kept = globalThis.localStorage?.getItem(STORE);
  if (!kept) return;
  try {
    const { model, enrolment } = JSON.parse(kept);
    add({ of: EARLIER_VISIT, model, enrolment });
    byId('same-speaker').checked = true;
  } catch {
    forgetSpeaker();
  }
}

/** The reference that a visitor's own recording is conditioned on: the other recordings. None if they are not said to be of one person,
 * if there are none, or if the model takes none.
 * @param {Engine} engine @param {symbol | string} [own] What stands for the recording. @returns {Promise<string | undefined>} */
export async function referenceFor(engine, own) {
  const manifest = await engine.manifest();
  model = manifest.speaker ? `${manifest.name} ${manifest.weights.sha256}` : '';
  return isSameSpeaker() ? (await merged(engine, (of) => of !== own))?.reference : undefined;
}

/** Enrols a recording of the visitor's own. @param {Origin} origin @param {Reading} reading */
export function enrol({ own }, { enrolment }) {
  if (!own || !enrolment) return;
  const added = { of: own, model, enrolment };
  latest = [...latest.filter(({ of }) => of !== own), added].slice(-2);
  if (isSameSpeaker()) add(added);
}

/** @param {Enrolment} added */
function add(added) {
  enrolments = [...enrolments.filter(({ of, model }) => of !== added.of || model !== added.model), added];
}

/** Merges what is known for the model in use. @param {Engine} engine @param {(of: symbol | string) => boolean} isWanted
 * @returns {Promise<SpeakerReference | undefined>} None without recordings. */
async function merged(engine, isWanted) {
  const references = enrolments.filter((one) => one.model === model && isWanted(one.of)).map(({ enrolment }) => enrolment);
  return references.length ? engine.ask({ type: 'merge', references }) : undefined;
}

/** For a new reading on the page. @param {Engine} engine @param {Reading} reading @param {Origin} origin */
export function updateSpeaker(engine, reading, origin) {
  shown = reading;
  byId('speaker-offer').hidden = isSameSpeaker() || !origin.own || latest.length < 2 || latest[0].model !== latest[1].model;
  attempt(() => showKnown(engine));
}

/** @param {Engine} engine */
async function showKnown(engine) {
  const isTaken = Boolean((await engine.manifest()).speaker);
  const known = isTaken && isSameSpeaker() ? await merged(engine, () => true) : undefined;
  byId('speaker-known').textContent = !isTaken
    ? t('This model reads each recording by itself. Voice, in the settings, compares it with others of the same person.')
    : known ? describeReference(known) : t('Nothing yet: record something, or choose files of one person.');
  byId('speaker-keep').disabled = !known;
  byId('speaker-forget').disabled = !known && !isSpeakerKept();
  byId('speaker-kept').textContent = isSpeakerKept() ? t('It is kept in this browser until you forget it.')
    : t('It is forgotten when this tab closes.');
  showChange();
}

/** How much is known, how varied it is, and what would help. @param {SpeakerReference} known */
function describeReference({ clips, seconds, variance, one_sided: oneSided, two_voices: twoVoices }) {
  const values = { clips, seconds: decimal(seconds, 0) };
  const amount = clips === 1 ? t('Known from 1 recording, {seconds} s.', values) : t('Known from {clips} recordings, {seconds} s in all.', values);
  const variety = variance === null ? '' : variance < ALIKE ? t('They sound much alike.')
    : variance < VARIED ? t('They are somewhat varied.') : t('They are varied.');
  const advice = twoVoices ? t('They sound like two people: forget this voice and begin with one, or readings get worse.')
    : oneSided ? t('Most of them sound {emotion}: some in other moods would help.', { emotion: NAMES[oneSided] })
    : clips < 6 ? t('From about six on it helps most.') : '';
  return [amount, variety, advice].filter(Boolean).join(' ');
}

/** What the reference changes in the reading on the page. */
function showChange() {
  const speaker = shown?.report.speaker;
  byId('speaker-change').hidden = !speaker;
  if (!shown || !speaker) return;
  const { report } = shown;
  const alone = describeReading({ ...report, ...speaker.alone }).headline;
  byId('speaker-changed').textContent = t('With the other recordings: {with}. By itself: {alone}.',
    { with: describeReading(report).headline, alone });
  byId('speaker-rows').replaceChildren(...EMOTIONS.map((emotion) => {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = NAMES[emotion];
    row.append(head);
    for (const { probabilities } of [speaker.alone, report]) row.insertCell().textContent = percent(probabilities[emotion]);
    return row;
  }));
}
