// Explains which parts of a clip raised an emotion: by gradients, or by occlusion.

import { EngineError } from './engine-error.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./types.d.ts').Emotion} Emotion */
/** @typedef {import('./types.d.ts').Explanation} Explanation */

/** Outputs of the model for a clip: the logits of seven emotions, and the distance from the training clips. */
const OUTPUTS = 8;

/** Outputs for a clip, then with each part occluded: computed once, they explain each emotion.
 * @typedef {Float32Array} OcclusionOutputs */

/** Whether the model is explained by gradients; those with an encoder are by occlusion. @param {Engine} engine */
export const hasGradients = async (engine) => !(await engine.manifest()).front_end.encoder;

/** Grad-CAM; none of models with an encoder.
 * @param {Engine} engine @param {Float32Array} samples @param {Emotion} emotion @returns {Promise<Explanation | undefined>} */
export const explainByGradient = async (engine, samples, emotion) =>
  (await hasGradients(engine) ? engine.ask({ type: 'explain', samples, emotion }) : undefined);

/** Occludes one part of a clip after the other, on as many workers as the engine has.
 * @param {Engine} engine @param {Float32Array} samples @param {AbortSignal} signal Cancels it.
 * @param {(done: number, all: number) => void} onProgress @param {string} [speaker] A speaker reference as JSON text.
 * @returns {Promise<OcclusionOutputs | undefined>} None if it was cancelled. */
export async function occlude(engine, samples, signal, onProgress, speaker) {
  const bounds = await engine.ask({ type: 'occlusionParts', count: samples.length });
  const parts = [[0, 0], ...Array.from(bounds).slice(1).map((to, i) => [bounds[i], to])];
  const outputs = new Float32Array(OUTPUTS * parts.length);
  const queue = [...parts.entries()];
  let done = 0;
  const work = async () => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      const [index, [from, to]] = next;
      outputs.set(await engine.ask({ type: 'predictOccluded', samples, from, to, speaker }), OUTPUTS * index);
      done += 1;
      onProgress(done, parts.length);
    }
  };
  await Promise.all(Array.from({ length: await engine.concurrency() }, work));
  return done === parts.length ? outputs : undefined;
}

/** The seven probabilities of a clip with the samples between two positions occluded, calibrated by the distance of the whole clip.
 * @param {Engine} engine @param {Float32Array} samples @param {number} from @param {number} to
 * @param {string} [speaker] A speaker reference as JSON text. @returns {Promise<Float32Array>} */
export async function occludedProbabilities(engine, samples, from, to, speaker) {
  const outputs = new Float32Array(2 * OUTPUTS);
  outputs.set(await engine.ask({ type: 'predictOccluded', samples, from: 0, to: 0, speaker }));
  outputs.set(await engine.ask({ type: 'predictOccluded', samples, from, to, speaker }), OUTPUTS);
  return engine.ask({ type: 'occludedProbabilities', outputs, speaker });
}

/** @param {Engine} engine @param {OcclusionOutputs} outputs @param {Emotion} emotion @param {number} count Samples of the clip.
 * @param {string} [speaker] A speaker reference as JSON text. @returns {Promise<Explanation>} */
export const explainByOcclusion = (engine, outputs, emotion, count, speaker) =>
  engine.ask({ type: 'explainByOcclusion', outputs, emotion, count, speaker });

/** @param {Engine} engine @param {Float32Array} samples @param {Emotion} emotion @param {AbortSignal} signal
 * @param {string} [speaker] A speaker reference as JSON text. @returns {Promise<Explanation>} */
export async function explain(engine, samples, emotion, signal, speaker) {
  const byGradient = await explainByGradient(engine, samples, emotion);
  if (byGradient) return byGradient;
  const outputs = await occlude(engine, samples, signal, () => {}, speaker);
  signal.throwIfAborted();
  if (!outputs) throw new EngineError('stopped', 'The analysis stopped before every part was tried. Try again.');
  return explainByOcclusion(engine, outputs, emotion, samples.length, speaker);
}
