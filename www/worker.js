// The worker: runs the engine away from the page, so that the page stays responsive and survives a crash.
// It fetches nothing; the page hands it the compiled engine and the model.

import init, { Engine, GpuEncoder } from '../sottovoce.js';

/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Reply} Reply */

/** @type {Engine | undefined} */
let engine;

/** @param {Reply} reply @param {Transferable[]} [transfer] */
const tell = (reply, transfer = []) => self.postMessage(reply, { transfer });

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

/** @param {Extract<Request, {type: 'file' | 'samples'}>} request */
async function read(request) {
  if (!engine) throw new Error('a recording came before the model');
  if (request.type === 'samples') return engine.analyzeSamples(request.samples, request.rateHz);
  // Checked before the file is read into memory.
  engine.checkSize(request.file.size);
  return engine.analyzeFile(new Uint8Array(await request.file.arrayBuffer()));
}

/** @param {Extract<Request, {type: 'window'}>} request */
async function readWindow({ id, samples }) {
  if (!engine) throw new Error('a recording came before the model');
  const { report, gpuStopped } = await engine.readWindow(samples);
  tell({ type: 'window', id, report: report && JSON.parse(report) });
  afterwards(gpuStopped);
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
    if (request.type === 'window') {
      await readWindow(request);
      return;
    }
    const reading = await read(request);
    const { samples, picture, pictureRows, gpuStopped } = reading;
    const report = JSON.parse(reading.report);
    reading.free();
    tell({ type: 'reading', id: request.id, reading: { report, samples, picture, pictureRows } },
      [samples.buffer, picture.buffer]);
    afterwards(gpuStopped);
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
