// Round after round, clip after clip: a guess, then the emotion asked for, the listeners' choice, and the model's reading.

import { below, byId } from '../page/dom.js';
import { t } from '../page/text.js';
import { NAMES, describeReading, speaker } from '../page/words.js';
import { addressOf } from './clip.js';
import { addGuess } from './results.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */

/** Clips in a tour: as many as a lesson has time for. */
export const LENGTH = 12;

/** @param {Lesson} lesson @returns {() => void} Starts over. */
export function setUpTour({ clips: all, analyze, attempt }) {
  const clips = all.slice(0, LENGTH);
  let index = 0;
  let round = 1;
  /** Of the person whose turn it is. */
  let turn = {};
  /** Clips in which each agreed with the actor. */
  let agreed = { you: 0, listeners: 0, model: 0 };

  byId('guesses').addEventListener('change', () => { byId('compare').disabled = false; });

  const present = () => {
    const clip = clips[index];
    byId('clip-name').textContent = t('Clip {place} of {all}. {speaker}', { place: index + 1, all: clips.length, speaker: speaker(clip) });
    byId('clip').src = addressOf(clip).href;
    byId('guesses').disabled = false;
    for (const input of byId('guesses').querySelectorAll('input')) input.checked = false;
    byId('compare').disabled = true;
    byId('next').hidden = true;
    byId('again').hidden = true;
    byId('revealed').replaceChildren();
  };

  const startOver = () => {
    if (byId('score').textContent) round += 1;
    turn = {};
    index = 0;
    agreed = { you: 0, listeners: 0, model: 0 };
    byId('score').textContent = '';
    present();
    byId('tour-title').focus();
  };

  const reveal = async () => {
    const clip = clips[index];
    const guess = /** @type {HTMLInputElement} */ (below(byId('guesses'), 'input:checked')).value;
    byId('compare').disabled = true;
    byId('guesses').disabled = true;
    byId('revealed').textContent = t('Listening.');
    const of = turn;
    try {
      const { report } = await analyze(clip);
      // Somebody else's turn by now.
      if (of !== turn) return;
      addGuess(all, round, clip, guess, report);
      if (guess === clip.acted) agreed.you += 1;
      if (clip.perceived.length === 1 && clip.perceived[0] === clip.acted) agreed.listeners += 1;
      if (report.label === clip.acted) agreed.model += 1;
      const { headline, explained } = describeReading(report);
      byId('revealed').replaceChildren(facts([
        [t('You chose'), NAMES[guess]],
        [t('The actor was asked for'), NAMES[clip.acted]],
        [t('Most listeners chose'), clip.perceived.map((emotion) => NAMES[emotion]).join(', ')],
        [t('The model says'), `${headline}. ${explained}`],
      ]), verdict(guess, clip, report.label));
    } catch (error) {
      if (of !== turn) return;
      byId('revealed').replaceChildren();
      byId('guesses').disabled = false;
      byId('compare').disabled = false;
      throw error;
    }
    const done = index + 1;
    byId('score').textContent = t('Of one mind with the actor so far, out of {done}: you {you}, most listeners {listeners}, the model {model}.', { done, ...agreed });
    byId('next').hidden = done === clips.length;
    byId('again').hidden = done < clips.length;
    byId(done === clips.length ? 'again' : 'next').focus();
  };

  byId('compare').addEventListener('click', () => attempt(reveal));
  byId('next').addEventListener('click', () => {
    index += 1;
    present();
    byId('tour-title').focus();
  });
  byId('again').addEventListener('click', startOver);
  present();
  return startOver;
}

/** @param {[string, string][]} rows */
function facts(rows) {
  const list = document.createElement('dl');
  for (const [name, text] of rows) {
    const term = document.createElement('dt');
    term.textContent = name;
    const description = document.createElement('dd');
    description.textContent = text;
    list.append(term, description);
  }
  return list;
}

/** What there is to learn from a clip. @param {string} guess @param {import('./clip.js').LessonClip} clip
 * @param {string} predicted */
function verdict(guess, { acted, perceived }, predicted) {
  const paragraph = document.createElement('p');
  const doListeners = perceived.includes(acted);
  paragraph.textContent = predicted === acted && doListeners ? t('People and model agree with the actor here.')
    : predicted === acted ? t('The model is of one mind with the actor, and most people are not: it learnt what actors were asked for, not what listeners choose.')
      : doListeners ? t('People recognise it, and the model does not.')
        : t('Neither people nor the model recognise what was asked for. Perhaps it is not in the voice.');
  if (guess !== acted && perceived.includes(guess)) paragraph.textContent += ` ${t('You chose what most listeners did.')}`;
  return paragraph;
}
