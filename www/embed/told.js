// A reading as pages that embed this one get it.

import { t, translated } from '../page/text.js';
import { EMOTIONS, NAMES, inWords, percent } from '../page/words.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** The report, and the same in words. @param {Reading} reading @param {string} [acted] */
export function told({ report }, acted) {
  const { headline, explained } = inWords(report);
  return {
    report, headline,
    explained: acted ? `${explained} ${t('The actor was asked for: {emotion}.', { emotion: NAMES[acted] })}` : explained,
    notes: report.notes.map(({ advice }) => translated(advice)),
    shares: EMOTIONS.map((emotion) => ({ emotion, share: report.probabilities[emotion], text: percent(report.probabilities[emotion]) })),
  };
}
