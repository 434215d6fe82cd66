// The worker: runs the engine away from the page, so that the page stays responsive and survives a crash.
// It fetches nothing; the page hands it the compiled engine and the model.

import init, { Engine, FrontEndSteps, GpuEncoder, featureVariance, silencedParts } from '../../sottovoce.js';

/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Reply} Reply */

/** @type {Engine | undefined} */
let engine;

/** @param {Reply} reply */
const tell = (reply) => self.postMessage(reply);

/** @typedef {Extract<Request, {type: 'load'}>} LoadRequest */

/** @param {LoadRequest} request */
async function load(request) {
  const { module, manifest, files, backend } = request;
  await init({ module_or_path: module });
  const loaded = new Engine(manifest, files);
  engine?.free();
  engine = loaded;
  if (backend === 'webgpu') await tryGpu(loaded, await openGpu(request), true);
}

/** The encoder of the model on the graphics processor; nothing if there is none, or that cannot be had.
 * @param {LoadRequest} request @returns {Promise<GpuEncoder | undefined>} */
async function openGpu({ manifest, files, backend }) {
  try {
    return await GpuEncoder.open(manifest, files.slice(1));
  } catch (error) {
    if (backend === 'webgpu') withoutGpu(/** @type {Error} */ (error).message);
    return undefined;
  }
}

/** Has an engine read on the graphics processor, if that is quicker or wanted.
 * @param {Engine} reader @param {GpuEncoder | undefined} encoder @param {boolean} wanted */
async function tryGpu(reader, encoder, wanted) {
  if (!encoder) return;
  // Another model may have come meanwhile.
  if (reader !== engine) return encoder.free();
  try {
    const used = await reader.tryGpu(encoder, wanted);
    tell({ type: 'backend', backend: used ? 'webgpu' : 'cpu' });
  } catch (error) {
    withoutGpu(/** @type {Error} */ (error).message);
  }
}

/** @param {string} reason */
const withoutGpu = (reason) => tell({ type: 'backend', backend: 'cpu', reason });

function reader() {
  if (!engine) throw new Error('a recording came before the model');
  return engine;
}

/** The engine, to read beside what is known of the speaker, if something is. @param {string} [speaker] */
function beside(speaker) {
  reader().setSpeaker(speaker);
  return reader();
}

/** @typedef {import('./types.d.ts').Answers} Answers */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @template {Topic} T @typedef {import('./types.d.ts').Question<T>} Question */
/** @typedef {{gpuStopped?: string}} Note What is told once the answer is out. */

/** What is answered to each question.
 * @type {{[T in Topic]: (question: Question<T>, note: Note) => Answers[T] | Promise<Answers[T]>}} */
const answers = {
  file: async ({ file, channel, speaker }, note) => {
    // Checked before the file is read into memory.
    reader().checkSize(file.size);
    return plainReading(await beside(speaker).analyzeFile(new Uint8Array(await file.arrayBuffer()), named(channel)), note);
  },
  channels: async ({ channels, rateHz, channel, speaker }, note) =>
    plainReading(await beside(speaker).analyzeChannels(channels, rateHz, named(channel)), note),
  samples: async ({ samples, rateHz, speaker }, note) => plainReading(await beside(speaker).analyzeSamples(samples, rateHz), note),
  merge: ({ references }) => JSON.parse(reader().mergeReferences(references)),
  window: async ({ samples, rateHz, speaker }, note) => {
    const { report, gpuStopped } = await beside(speaker).readWindow(samples, rateHz);
    note.gpuStopped = gpuStopped;
    return report && JSON.parse(report);
  },
  explain: ({ samples, emotion }) => {
    const explained = reader().explain(samples, emotion);
    return explained && plainExplanation(explained);
  },
  parts: ({ count }) => silencedParts(count),
  without: ({ samples, from, to, speaker }) => beside(speaker).readWithout(samples, from, to),
  probabilitiesWithout: ({ outputs }) => beside().probabilitiesWithout(outputs),
  explainSilenced: ({ outputs, emotion, count, speaker }) =>
    plainExplanation(beside(speaker).explainSilenced(outputs, emotion, count)),
  attention: ({ samples }) => reader().attention(samples)?.map(plainPicture),
  activations: ({ samples }) => {
    const found = reader().encoderActivations(samples);
    return found && plainPicture(found);
  },
  variance: ({ clips }) => {
    const found = featureVariance(clips);
    return found && JSON.parse(found);
  },
  steps: ({ samples, frame, window, hop, bands, coefficients }) => {
    const steps = new FrontEndSteps(samples, frame, window, hop, bands, coefficients);
    const { frame: at, window: weights, power, energies, decibels, coefficients: mfcc } = steps;
    const answer = { frame: at, window: weights, power, energies, decibels, coefficients: mfcc,
      logMel: plainPicture(steps.logMel), mfcc: plainPicture(steps.mfcc) };
    steps.free();
    return answer;
  },
};

/** @param {import('./types.d.ts').Channel} [channel] */
const named = (channel) => (channel === undefined ? undefined : String(channel));

/** What can be sent. @param {import('../../sottovoce.js').Reading} reading @param {Note} note */
function plainReading(reading, note) {
  const { samples, picture, pictureRows, features, enrolment, gpuStopped } = reading;
  note.gpuStopped = gpuStopped;
  const report = JSON.parse(reading.report);
  reading.free();
  return { report, samples, picture, pictureRows, features, enrolment };
}

/** @param {import('../../sottovoce.js').Picture} picture */
function plainPicture(picture) {
  const { values, rows } = picture;
  picture.free();
  return { values, rows };
}

/** @param {import('../../sottovoce.js').Explained} explained */
function plainExplanation(explained) {
  const { seen } = explained;
  const answer = { summary: JSON.parse(explained.summary), heat: plainPicture(explained.heat), seen: seen && plainPicture(seen) };
  explained.free();
  return answer;
}

/** Answers one request; errors without a code are the engine's own and end this worker.
 * @param {Request} request */
async function answer(request) {
  try {
    if (request.type === 'load') {
      await load(request);
      tell({ type: 'ready', id: request.id });
      setTimeout(() => enqueue(warmUp));
      if (request.backend === 'auto' && 'gpu' in navigator) setTimeout(() => offerGpu(request));
      return;
    }
    /** @type {Note} */ const note = {};
    const given = await /** @type {(question: any, note: Note) => Answers[Topic]} */ (answers[request.type])(request, note);
    tell({ type: 'answer', id: request.id, answer: given });
    afterwards(note.gpuStopped);
  } catch (error) {
    const { code, message } = /** @type {{code?: string, message: string}} */ (error);
    if (code) tell({ type: 'refused', id: request.id, code, message });
    else tell({ type: 'crashed', message: message ?? String(error) });
  }
}

/** The first run is slow, since browsers compile what they run: done before anyone waits, unless someone waits. */
async function warmUp() {
  if (waiting > 0 || !engine) return;
  const reading = await engine.analyzeSamples(new Float32Array(16_000), 16_000);
  afterwards(reading.gpuStopped);
  reading.free();
}

/** @param {string | undefined} gpuStopped Why the graphics processor is no longer used. */
function afterwards(gpuStopped) {
  if (gpuStopped) tell({ type: 'backend', backend: 'cpu', reason: gpuStopped, stopped: true });
}

/** Sets up the graphics processor while the engine reads on the processor, and tries it once nobody waits.
 * @param {LoadRequest} request */
async function offerGpu(request) {
  const reader = engine;
  const encoder = await openGpu(request);
  if (reader && encoder) enqueue(() => tryGpu(reader, encoder, false));
}

// One at a time: the engine holds one set of buffers.
let queue = Promise.resolve();
let waiting = 0;

/** @param {() => Promise<void>} work */
const enqueue = (work) => { queue = queue.then(work); };

self.onmessage = ({ data }) => {
  waiting += 1;
  enqueue(async () => {
    waiting -= 1;
    await answer(data);
  });
};
