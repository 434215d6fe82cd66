// Readings, emotions and speakers in words.

import { t } from './text.js';

/** @typedef {import('../engine/types.d.ts').Report} Report */

/** @type {import('../engine/types.d.ts').Emotion[]} */
export const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'];

/** Names of the emotions. @type {Record<string, string>} */
export const NAMES = {
  angry: t('angry'), disgust: t('disgust'), fear: t('fear'), happy: t('happy'), neutral: t('neutral'), sad: t('sad'),
  surprise: t('surprise'),
};

/** The warning while a microphone counts as muted. */
export const MUTED = t('The microphone gives no sound. Is it muted? Look for a switch on it, and at the sound settings of this device.');

/** Adjectives for a voice. @type {Record<string, string>} */
const SOUNDS = {
  angry: t('angry'), disgust: t('disgusted'), fear: t('afraid'), happy: t('happy'), neutral: t('neutral'), sad: t('sad'),
  surprise: t('surprised'),
};

/** Never 0 or 100 %: no model is that sure. @param {number} share */
export function percent(share) {
  if (share >= 0.995) return '> 99 %';
  if (share < 0.005) return '< 1 %';
  return `${Math.round(100 * share)} %`;
}

/** Whether an emotion can be named. @param {Report} report */
export const isClear = ({ certainty }) => certainty === 'likely' || certainty === 'leaning';

/** @param {Report} report @returns {{headline: string, explained: string}} */
export function describeReading(report) {
  const [first, second] = ranked(report);
  const [a, b] = [SOUNDS[first.emotion], SOUNDS[second.emotion]];
  const [x, y] = [percent(first.share), percent(second.share)];
  switch (report.certainty) {
    case 'no-speech':
      return { headline: t('No speech found'), explained: t('There is no voice in the part that was read, so the figures below mean little.') };
    case 'likely':
      return { headline: t('Sounds {a}', { a }), explained: t('{x} {a}; next comes {b} with {y}.', { a, b, x, y }) };
    case 'leaning':
      return { headline: t('Perhaps {a}', { a }), explained: t('{x} {a}, but {b} has {y}: it may well be wrong.', { a, b, x, y }) };
    default:
      return { headline: t('Hard to tell'), explained: t('{x} {a}, {y} {b}: not clear enough to say.', { a, b, x, y }) };
  }
}

/** @param {Report} report */
function ranked(report) {
  return EMOTIONS.map((emotion) => ({ emotion, share: report.probabilities[emotion] }))
    .sort((a, b) => b.share - a.share);
}

/** Whose voice it is. @param {{sex: 'female' | 'male', age: number}} clip */
export const voice = ({ sex, age }) => (sex === 'female' ? t('Woman, {age}', { age }) : t('Man, {age}', { age }));

/** What is said. @param {{words: string}} clip */
export const quote = ({ words }) => t('“{words}”', { words });

/** The speaker and words of a clip, without the emotion.
 * @param {{sex: 'female' | 'male', age: number, words: string}} clip */
export const speaker = ({ sex, age, words }) =>
  (sex === 'female' ? t('Woman, {age}: “{words}”', { age, words }) : t('Man, {age}: “{words}”', { age, words }));
