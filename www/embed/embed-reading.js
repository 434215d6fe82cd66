// A reading in the form that embedding pages get.

import { t, translated } from '../page/text.js';
import { EMOTIONS, NAMES, describeReading, percent } from '../page/words.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** The report, and its description in words. @param {Reading} reading @param {string} [acted] */
export function embedReading({ report }, acted) {
  const { headline, explained } = describeReading(report);
  return {
    report, headline,
    explained: acted ? `${explained} ${t('The actor was asked for: {emotion}.', { emotion: NAMES[acted] })}` : explained,
    notes: report.notes.map(({ advice }) => translated(advice)),
    shares: EMOTIONS.map((emotion) => ({ emotion, share: report.probabilities[emotion], text: percent(report.probabilities[emotion]) })),
  };
}
