// The page around a frame of this site: whether it may embed it, and how it is answered. Nobody else is.

import { EngineError } from '../engine/engine-error.js';
import { translated } from '../page/text.js';
import { ALLOWED } from './origins.js';

/** @typedef {{id: number, ask: string, model?: string, audio?: unknown}} Asked */
/** @typedef {(progress: Record<string, number>) => void} Tell */

/** @param {string | undefined} origin Of a page around this one; nothing where the browser does not tell. */
export const mayEmbed = (origin) => ALLOWED.includes('*') || (origin !== undefined && ALLOWED.includes(origin));

/** Where the page around this one comes from; nothing in browsers without `ancestorOrigins` if that page hides it. */
export function embedder() {
  const { ancestorOrigins } = location;
  if (ancestorOrigins?.length) return ancestorOrigins[0];
  return document.referrer ? new URL(document.referrer).origin : undefined;
}

/** @param {string} [origin] */
export const notAllowed = (origin = '?') => new EngineError('not-allowed',
  `Whoever runs sottovoce here has not allowed this page (${origin}) to embed it.`);

/** A page without an origin of its own, as in a sandbox, can be told by no name. @param {string} origin */
export const target = (origin) => (origin === 'null' ? '*' : origin);

/** Answers what the page around this one asks, if it may embed this one.
 * @param {Record<string, (asked: Asked, tell: Tell, origin: string) => unknown>} answers One for each question. */
export function answerEmbedder(answers) {
  addEventListener('message', async ({ data, source, origin }) => {
    if (source !== parent || data?.sottovoce !== 1 || typeof data.id !== 'number') return;
    const reply = (/** @type {object} */ message) => parent.postMessage({ sottovoce: 1, id: data.id, ...message }, target(origin));
    try {
      if (!mayEmbed(origin)) throw notAllowed(origin);
      const answer = Object.hasOwn(answers, data.ask) ? answers[data.ask] : undefined;
      if (!answer) throw new EngineError('no-question', `There is no question “${data.ask}”: ask ${Object.keys(answers).join(', ')}.`);
      reply({ type: 'answer', answer: await answer(data, (progress) => reply({ type: 'progress', ...progress }), origin) });
    } catch (error) {
      reply({ type: 'error', ...inWords(error) });
    }
  });
  parent.postMessage({ sottovoce: 1, type: 'ready' }, '*');
}

/** @param {unknown} error @returns {{code: string, message: string}} For people; what nobody foresaw goes to the console. */
export function inWords(error) {
  // An element's errors have a code, too, and come from a script without this class.
  const isTold = error instanceof Error && 'code' in error && typeof error.code === 'string';
  if (!isTold) console.error(error);
  const { code, message } = isTold ? /** @type {EngineError} */ (error)
    : { code: 'unexpected', message: 'Something went wrong that should not have. Reload the page and try again.' };
  return { code, message: translated(message) };
}
