// Clip after clip: a guess, then what the actor was asked for, what listeners heard, and what the model says.

import { NAMES, inWords, speaker } from '../page/words.js';
import { t } from '../page/text.js';
import { addressOf } from './clip.js';

/** @typedef {import('./lesson.js').Lesson} Lesson */

/** As many clips as a lesson has time for. */
export const LENGTH = 12;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {Lesson} lesson */
export function setUpTour({ clips: all, read, attempt }) {
  const clips = all.slice(0, LENGTH);
  let place = 0;
  /** Clips in which each was of one mind with the actor. */
  const agreed = { you: 0, listeners: 0, model: 0 };

  byId('guesses').addEventListener('change', () => { byId('compare').disabled = false; });

  const present = () => {
    const clip = clips[place];
    byId('clip-name').textContent = t('Clip {place} of {all}. {speaker}', { place: place + 1, all: clips.length, speaker: speaker(clip) });
    byId('clip').src = addressOf(clip).href;
    byId('guesses').disabled = false;
    for (const input of byId('guesses').querySelectorAll('input')) input.checked = false;
    byId('compare').disabled = true;
    byId('next').hidden = true;
    byId('revealed').replaceChildren();
  };

  const reveal = async () => {
    const clip = clips[place];
    const guess = byId('guesses').querySelector('input:checked').value;
    byId('compare').disabled = true;
    byId('guesses').disabled = true;
    byId('revealed').textContent = t('Listening.');
    try {
      const { report } = await read(clip);
      if (guess === clip.acted) agreed.you += 1;
      if (clip.heard.length === 1 && clip.heard[0] === clip.acted) agreed.listeners += 1;
      if (report.label === clip.acted) agreed.model += 1;
      const { headline, explained } = inWords(report);
      byId('revealed').replaceChildren(facts([
        [t('You heard'), NAMES[guess]],
        [t('The actor was asked for'), NAMES[clip.acted]],
        [t('Most listeners heard'), clip.heard.map((emotion) => NAMES[emotion]).join(', ')],
        [t('The model says'), `${headline}. ${explained}`],
      ]), verdict(guess, clip, report.label));
    } catch (error) {
      byId('revealed').replaceChildren();
      byId('guesses').disabled = false;
      byId('compare').disabled = false;
      throw error;
    }
    const done = place + 1;
    byId('score').textContent = t('Of one mind with the actor so far, out of {done}: you {you}, most listeners {listeners}, the model {model}.', { done, ...agreed });
    byId('next').hidden = done === clips.length;
    byId(done === clips.length ? 'tour-title' : 'next').focus();
  };

  byId('compare').addEventListener('click', () => attempt(reveal));
  byId('next').addEventListener('click', () => {
    place += 1;
    present();
    byId('tour-title').focus();
  });
  present();
}

/** @param {[string, string][]} rows */
function facts(rows) {
  const list = document.createElement('dl');
  for (const [name, text] of rows) {
    const term = document.createElement('dt');
    term.textContent = name;
    const told = document.createElement('dd');
    told.textContent = text;
    list.append(term, told);
  }
  return list;
}

/** What there is to learn from a clip. @param {string} guess @param {import('./clip.js').LessonClip} clip @param {string} said */
function verdict(guess, { acted, heard }, said) {
  const paragraph = document.createElement('p');
  const doListeners = heard.includes(acted);
  paragraph.textContent = said === acted && doListeners ? t('People and model agree with the actor here.')
    : said === acted ? t('The model is of one mind with the actor, and most people are not: it learnt what actors were asked for, not what people hear.')
      : doListeners ? t('People hear it, and the model does not.')
        : t('Neither people nor the model hear what was asked for. Perhaps it is not in the voice.');
  if (guess !== acted && heard.includes(guess)) paragraph.textContent += ` ${t('You heard what most listeners did.')}`;
  return paragraph;
}
