// What in a clip raised an emotion, by whichever way the model can be explained.

import { EngineError } from './engine-error.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./types.d.ts').Explanation} Explanation */

/** Values of a reading without a part: the logits of seven emotions, and the distance from the training clips. */
const VALUES = 8;

/** The values of a clip, then those without each part: found once, they explain each emotion.
 * @typedef {Float32Array} Silenced */

/** Grad-CAM, where the model can be explained by its gradients.
 * @param {Engine} engine @param {Float32Array} samples @param {string} emotion @returns {Promise<Explanation | undefined>} */
export const explainByGradient = (engine, samples, emotion) => engine.ask({ type: 'explain', samples, emotion });

/** Reads a clip without one part after the other, on as many workers as the engine has.
 * @param {Engine} engine @param {Float32Array} samples @param {AbortSignal} signal Ends it.
 * @param {(done: number, all: number) => void} tell @param {string} [speaker] What is known of the speaker, as JSON text.
 * @returns {Promise<Silenced | undefined>} None if it was ended. */
export async function silence(engine, samples, signal, tell, speaker) {
  const places = await engine.ask({ type: 'parts', count: samples.length });
  const without = [[0, 0], ...Array.from(places).slice(1).map((to, i) => [places[i], to])];
  const outputs = new Float32Array(VALUES * without.length);
  const left = [...without.entries()];
  let done = 0;
  const readOn = async () => {
    for (let next = left.shift(); next && !signal.aborted; next = left.shift()) {
      const [index, [from, to]] = next;
      outputs.set(await engine.ask({ type: 'without', samples, from, to, speaker }), VALUES * index);
      done += 1;
      tell(done, without.length);
    }
  };
  await Promise.all(Array.from({ length: await engine.width() }, readOn));
  return done === without.length ? outputs : undefined;
}

/** The seven probabilities of a clip without the samples between two places, as far from the training clips as the whole clip is.
 * @param {Engine} engine @param {Float32Array} samples @param {number} from @param {number} to @returns {Promise<Float32Array>} */
export async function probabilitiesWithout(engine, samples, from, to) {
  const outputs = new Float32Array(2 * VALUES);
  outputs.set(await engine.ask({ type: 'without', samples, from: 0, to: 0 }));
  outputs.set(await engine.ask({ type: 'without', samples, from, to }), VALUES);
  return engine.ask({ type: 'probabilitiesWithout', outputs });
}

/** @param {Engine} engine @param {Silenced} outputs @param {string} emotion @param {number} count Samples of the clip.
 * @param {string} [speaker] What is known of the speaker, as JSON text. @returns {Promise<Explanation>} */
export const explainSilenced = (engine, outputs, emotion, count, speaker) =>
  engine.ask({ type: 'explainSilenced', outputs, emotion, count, speaker });

/** @param {Engine} engine @param {Float32Array} samples @param {string} emotion @param {AbortSignal} signal
 * @param {string} [speaker] What is known of the speaker, as JSON text. @returns {Promise<Explanation>} */
export async function explain(engine, samples, emotion, signal, speaker) {
  const byGradient = await explainByGradient(engine, samples, emotion);
  if (byGradient) return byGradient;
  const silenced = await silence(engine, samples, signal, () => {}, speaker);
  signal.throwIfAborted();
  if (!silenced) throw new EngineError('stopped', 'The analysis stopped before every part was tried. Try again.');
  return explainSilenced(engine, silenced, emotion, samples.length, speaker);
}
