// A clip of the lesson: who speaks, what was asked for, and what listeners heard.

/**
 * @typedef {object} LessonClip A clip of CREMA-D.
 * @property {string} file Its place beside this script.
 * @property {'female' | 'male'} sex
 * @property {number} age
 * @property {string} words
 * @property {string} acted What the actor was asked for.
 * @property {string[]} heard What most listeners chose who heard the voice alone; several where votes were equal.
 */

/** @param {LessonClip} clip */
export const addressOf = ({ file }) => new URL(file, import.meta.url);
