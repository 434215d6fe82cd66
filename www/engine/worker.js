// The worker that runs the engine, so that the page stays responsive and survives a crash. It loads nothing: the page sends it
// the compiled engine and the model.

import { openOnGpu } from './gpu.js';

/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Reply} Reply */

/** The engine's exports, those of the full one; only its `explain` is missing in the other.
 * @type {typeof import('../../sottovoce_full.js')} */
let exports;
/** @type {import('../../sottovoce_full.js').Engine | undefined} */
let engine;
/** The engine's model on the GPU. @type {Awaited<ReturnType<typeof openOnGpu>> | undefined} */
let onGpu;

/** @param {Reply} reply */
const send = (reply) => self.postMessage(reply);

/** @param {Extract<Request, {type: 'load'}>} request */
async function load({ script, module, manifest, files }) {
  exports = await /** @type {any} */ (self).importModule(script);
  await exports.default({ module_or_path: module });
  // Where the browser can compute checksums, the page has compared them.
  const loaded = new exports.Engine(manifest, files, Boolean(self.crypto?.subtle));
  closeGpu();
  engine?.free();
  engine = loaded;
}

/** Moves the engine's networks to the GPU, if they are faster there or that is wanted. A failure leaves them on the CPU.
 * @param {Extract<Request, {type: 'gpu'}>} request */
async function useGpu(request) {
  closeGpu();
  send({ type: 'warm-up' });
  try {
    onGpu = await openOnGpu(request);
    const isUsed = await loadedEngine().tryGpu(onGpu, request.wanted);
    if (isUsed) onGpu.endWarmUp();
    else closeGpu();
    send({ type: 'backend', backend: isUsed ? 'webgpu' : 'cpu' });
  } catch (error) {
    closeGpu();
    send({ type: 'backend', backend: 'cpu', reason: /** @type {Error} */ (error).message });
  }
}

function closeGpu() {
  onGpu?.close();
  onGpu = undefined;
}

function loadedEngine() {
  if (!engine) throw new Error('a recording came before the model');
  return engine;
}

/** The engine, conditioned on a speaker reference if there is one. @param {string} [speaker] */
function conditioned(speaker) {
  loadedEngine().setSpeaker(speaker);
  return loadedEngine();
}

/** The same, with a custom classifier if there is one. @param {{speaker?: string, custom?: string}} question */
function prepared({ speaker, custom }) {
  loadedEngine().setCustom(custom);
  return conditioned(speaker);
}

/** @typedef {import('./types.d.ts').Answers} Answers */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @template {Topic} T @typedef {import('./types.d.ts').Question<T>} Question */

/** Answers each type of question.
 * @type {{[T in Topic]: (question: Question<T>) => Answers[T] | Promise<Answers[T]>}} */
const answers = {
  file: async (question) => {
    const { file, channel } = question;
    // Checked before the file is read into memory.
    loadedEngine().checkSize(file.size);
    return prepared(question).analyzeFile(new Uint8Array(await file.arrayBuffer()), channelName(channel));
  },
  channels: (question) => prepared(question).analyzeChannels(question.channels, question.rateHz, channelName(question.channel)),
  samples: (question) => prepared(question).analyzeSamples(question.samples, question.rateHz),
  window: (question) => prepared(question).analyzeWindow(question.samples, question.rateHz),
  enrolWindow: (question) => prepared(question).enrolWindow(question.samples, question.rateHz),
  trainCustom: ({ names, labels, enrolments }) => exports.trainCustom(names, labels, enrolments),
  describeCustom: ({ custom }) => exports.describeCustom(custom),
  merge: ({ references }) => loadedEngine().mergeReferences(references),
  explain: ({ samples, emotion }) => loadedEngine().explain(samples, emotion),
  occlusionParts: ({ count }) => exports.occlusionParts(count),
  predictOccluded: ({ samples, from, to, speaker }) => conditioned(speaker).predictOccluded(samples, from, to),
  occludedProbabilities: ({ outputs, speaker }) => conditioned(speaker).occludedProbabilities(outputs),
  explainByOcclusion: ({ outputs, emotion, count, speaker }) => conditioned(speaker).explainByOcclusion(outputs, emotion, count),
  attention: ({ samples }) => loadedEngine().attention(samples),
  activations: ({ samples }) => loadedEngine().encoderActivations(samples),
  timeline: ({ windows, format }) => exports.renderTimeline(windows, format),
  variance: ({ clips }) => exports.embeddingVariance(clips),
  steps: ({ samples, frame, window, hop, bands, coefficients }) => exports.frontEndSteps(samples, frame, window, hop, bands, coefficients),
};

/** @param {import('./types.d.ts').Channel} [channel] */
const channelName = (channel) => (channel === undefined ? undefined : String(channel));

/** Answers one request; throws what is no refusal.
 * @param {Exclude<Request, {type: 'gpu'}>} request */
async function answer(request) {
  try {
    if (request.type === 'load') {
      await load(request);
      send({ type: 'ready', id: request.id });
      setTimeout(() => enqueue(warmUp));
      return;
    }
    const result = await /** @type {(question: any) => Answers[Topic]} */ (answers[request.type])(request);
    send({ type: 'answer', id: request.id, answer: result });
    reportGpuError();
  } catch (error) {
    const { code, message } = /** @type {{code?: import('./types.d.ts').ErrorCode, message: string}} */ (error);
    // The browser's own: a file that was moved, changed or is not permitted.
    if (error instanceof DOMException) {
      send({ type: 'refused', id: request.id, code: 'file-unreadable', message: 'This file can no longer be read. Choose it again.' });
    } else if (code) send({ type: 'refused', id: request.id, code, message });
    else throw error;
  }
}

/** Browsers compile what they run, so that the first analysis is slow: makes one unless a request is pending. */
async function warmUp() {
  if (pending > 0 || !engine) return;
  await engine.analyzeSamples(new Float32Array(16_000), 16_000);
  reportGpuError();
}

/** Says why the GPU is no longer used, if it has just stopped. */
function reportGpuError() {
  const reason = engine?.takeGpuError();
  if (!reason) return;
  closeGpu();
  send({ type: 'backend', backend: 'cpu', reason, stopped: true });
}

// One at a time: the engine holds one set of buffers.
let queue = Promise.resolve();
let pending = 0;

/** Does this after all else. Errors without a code are panics of the engine, and end this worker.
 * @param {() => Promise<void>} work */
const enqueue = (work) => {
  queue = queue.then(work).catch((error) => send({ type: 'crashed', message: error?.message ?? String(error) }));
};

self.onmessage = ({ data }) => {
  pending += 1;
  enqueue(async () => {
    pending -= 1;
    await (data?.type === 'gpu' ? useGpu(data) : answer(data));
  });
};
