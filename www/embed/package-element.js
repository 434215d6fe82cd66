// <speech-emotion> of the npm package: the engine runs on the page itself, in workers that cannot connect anywhere. Importing it needs
// no document, and loads nothing before there is an element.

import { defineSpeechEmotion } from './element.js';

/** @type {Promise<typeof import('./answers.js')> | undefined} */
let loading;

const engine = {
  /** @param {any} question @param {(progress: any) => void} [onProgress] */
  ask: async (question, onProgress = () => {}) => {
    loading ??= import('./answers.js');
    const { answers } = await loading;
    return question.ask === 'hello' ? answers.hello() : answers.analyze(question, onProgress);
  },
};

/** @type {import('./element.js').Host['microphone']} */
function microphone({ model }, onMessage) {
  const button = document.createElement('button');
  button.type = 'button';
  import('./record-button.js').then(({ setUpRecordButton }) => setUpRecordButton(button, { model, check: () => {}, send: onMessage }));
  return { button, useModel: () => {} };
}

if (globalThis.customElements) defineSpeechEmotion({ engine: () => engine, microphone });
