// The page that embeds a frame of this site: whether it may, and replies to it alone.

import { EngineError } from '../engine/engine-error.js';
import { describeError } from './describe-error.js';
import { ALLOWED } from './origins.js';

/** @typedef {{id: number, ask: string, model?: string, audio?: unknown}} EmbedRequest */
/** @typedef {(progress: Record<string, number>) => void} OnProgress */

/** @param {string | undefined} origin Of the embedding page; none if the browser does not say. */
export const mayEmbed = (origin) => ALLOWED.includes('*') || (origin !== undefined && ALLOWED.includes(origin));

/** The origin of the embedding page; none in browsers without `ancestorOrigins` if that page sends no referrer. */
export function embedderOrigin() {
  const { ancestorOrigins } = location;
  if (ancestorOrigins?.length) return ancestorOrigins[0];
  return document.referrer ? new URL(document.referrer).origin : undefined;
}

/** @param {string} [origin] */
export const notAllowed = (origin = '?') => new EngineError('not-allowed',
  `Whoever runs sottovoce here has not allowed this page (${origin}) to embed it.`);

/** The target origin of messages: opaque origins, as in a sandbox, cannot be named. @param {string} origin */
export const targetOrigin = (origin) => (origin === 'null' ? '*' : origin);

/** Answers requests of the embedding page, if it may embed this one.
 * @param {Record<string, (request: EmbedRequest, onProgress: OnProgress, origin: string) => unknown>} answers By request. */
export function answerEmbedder(answers) {
  addEventListener('message', async ({ data, source, origin }) => {
    if (source !== parent || data?.sottovoce !== 1 || typeof data.id !== 'number') return;
    const reply = (/** @type {object} */ message) => parent.postMessage({ sottovoce: 1, id: data.id, ...message }, targetOrigin(origin));
    try {
      if (!mayEmbed(origin)) throw notAllowed(origin);
      const answer = Object.hasOwn(answers, data.ask) ? answers[data.ask] : undefined;
      if (!answer) throw new EngineError('no-question', `There is no question “${data.ask}”: ask ${Object.keys(answers).join(', ')}.`);
      reply({ type: 'answer', answer: await answer(data, (progress) => reply({ type: 'progress', ...progress }), origin) });
    } catch (error) {
      reply({ type: 'error', ...describeError(error) });
    }
  });
  parent.postMessage({ sottovoce: 1, type: 'ready' }, '*');
}
