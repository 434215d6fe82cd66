// How accurate models are, in words: after the names of those that ship, and in full for the chosen one.

import { OWN, bytesOf, getAccuracyOnUnseenSpeakers, getManifest } from '../engine/assets.js';
import { byId } from './dom.js';
import { decimal, t, translated } from './text.js';
import { percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Manifest} Manifest */
/** @typedef {import('../engine/types.d.ts').UnseenCorpus} UnseenCorpus */

/** @type {ReturnType<typeof getAccuracyOnUnseenSpeakers> | undefined} */
let requested;
/** Loaded once. */
const accuracyOnUnseenSpeakers = () => (requested ??= getAccuracyOnUnseenSpeakers());

/** Explains how accurate a model is. @param {string} model @param {Manifest} manifest */
export async function showAccuracy(model, manifest) {
  const { metrics, name, summary, training } = manifest;
  // The figures are those of the models that ship.
  const unseen = model.startsWith(OWN) ? undefined : (await accuracyOnUnseenSpeakers())[name];
  const isRandom = training.split === 'random';
  const outlook = isRandom ? [unseen
    ? t('Trained in the same way without some of the speakers, it is right in {share} of their {clips} clips: expect that of a new voice that acts as they do.',
      { share: percent(unseen.accuracy), clips: unseen.clips })
    : t('With new voices, expect it to be right less often; that is not measured yet.')] : [];
  const seen = isRandom ? [t('It was trained on other clips of those speakers.')] : [];
  const corpora = Object.entries(metrics.accuracy_by_corpus).map(([corpus, accuracy]) => `${corpus} ${percent(accuracy)}`).join(', ');
  byId('accuracy').textContent = [
    t('The chosen model is {name}, {size}: {summary}.', { name, size: megabytes(manifest), summary: translated(summary) }),
    ...describeUnseenCorpora(manifest),
    ...outlook,
    t('It names the emotion the actor was asked for in {share} of {clips} clips it was not trained on: {corpora}.',
      { share: percent(metrics.accuracy), clips: metrics.clips, corpora }),
    ...seen,
  ].join(' ');
}

/** Accuracy on corpora unlike those of training. @param {Manifest} manifest @returns {string[]} */
function describeUnseenCorpora({ unseen_corpora: corpora = [] }) {
  if (corpora.length === 0) return [];
  const sum = (/** @type {(corpus: UnseenCorpus) => number} */ of) => corpora.reduce((total, corpus) => total + of(corpus), 0);
  const accuracies = corpora.map(({ accuracy }) => accuracy);
  const covered = sum(({ clips, said: coverage }) => clips * coverage);
  const right = sum(({ clips, said: coverage, right: selectiveAccuracy }) => clips * coverage * (selectiveAccuracy ?? 0));
  const range = { count: corpora.length, low: percent(Math.min(...accuracies)), high: percent(Math.max(...accuracies)) };
  return covered === 0
    ? [t('On {count} collections of recordings that it never met, of other languages, rooms and plain speech, it is right in {low} to {high} of the clips; it is sure of none.', range)]
    : [t('On {count} collections of recordings that it never met, of other languages, rooms and plain speech, it is right in {low} to {high} of the clips; it is sure (“sounds”) of {sure} of them, and right in {right} of those.',
      { ...range, sure: percent(covered / sum(({ clips }) => clips)), right: percent(right / covered) })];
}

/** Adds accuracy and size to the name of each model that ships. */
export async function labelModels() {
  const shipped = [...byId('model').options].filter(({ value }) => !value.startsWith(OWN));
  await Promise.all(shipped.map(async (option) => {
    const [manifest, unseen] = await Promise.all([getManifest(option.value), accuracyOnUnseenSpeakers()]);
    option.textContent = `${option.textContent}: ${summarize(manifest, unseen[option.value]?.accuracy)}`;
  }));
}

/** @param {Manifest} manifest @param {number} [unseen] Accuracy on unseen speakers, if it was measured. */
const summarize = (manifest, unseen) => (unseen === undefined
  ? t('right in {share} of clips, {size}', { share: percent(manifest.metrics.accuracy), size: megabytes(manifest) })
  : t('right in {share} of clips by new voices, {size}', { share: percent(unseen), size: megabytes(manifest) }));

/** @param {Manifest} manifest */
const megabytes = (manifest) => `${decimal(bytesOf(manifest) / 1e6, 1)} MB`;
