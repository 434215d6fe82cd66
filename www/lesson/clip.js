// A clip of the lesson: its speaker, the emotion asked for, and the listeners' choice.

import { fileAt } from '../engine/files.js';

/**
 * @typedef {object} LessonClip A clip of CREMA-D.
 * @property {string} file Its path, relative to the folder of this script.
 * @property {'female' | 'male'} sex
 * @property {number} age
 * @property {string} words
 * @property {string} acted What the actor was asked for.
 * @property {string[]} perceived What most listeners to the voice alone chose; several where votes were equal.
 */

/** @param {{file: string}} clip */
export const addressOf = ({ file }) => fileAt(`www/lesson/${file}`);

/** A player for a clip. @param {{file: string}} clip @param {string} label For screen readers. */
export function playerOf(clip, label) {
  const player = document.createElement('audio');
  player.controls = true;
  player.src = addressOf(clip).href;
  player.setAttribute('aria-label', label);
  return player;
}
