// The worker: runs the engine away from the page, so that the page stays responsive and survives a crash.
// It fetches nothing; the page hands it the compiled engine and the model.

import init, { Engine } from '../sottovoce.js';

/** @typedef {import('./types.d.ts').Request} Request */
/** @typedef {import('./types.d.ts').Reply} Reply */

/** @type {Engine | undefined} */
let engine;

/** @param {Reply} reply @param {Transferable[]} [transfer] */
const tell = (reply, transfer = []) => self.postMessage(reply, { transfer });

/** @param {Extract<Request, {type: 'load'}>} request */
async function load({ module, manifest, files }) {
  await init({ module_or_path: module });
  const loaded = new Engine(manifest, files);
  engine?.free();
  engine = loaded;
}

/** @param {Exclude<Request, {type: 'load'}>} request */
async function read(request) {
  if (!engine) throw new Error('a recording came before the model');
  if (request.type === 'samples') return engine.analyzeSamples(request.samples, request.rateHz);
  // Checked before the file is read into memory.
  engine.checkSize(request.file.size);
  return engine.analyzeFile(new Uint8Array(await request.file.arrayBuffer()));
}

/** Answers one request; errors without a code are the engine's own and end this worker.
 * @param {Request} request */
async function answer(request) {
  try {
    if (request.type === 'load') {
      await load(request);
      tell({ type: 'ready', id: request.id });
      setTimeout(() => enqueue(warmUp));
      return;
    }
    const reading = await read(request);
    const { samples, picture, pictureRows } = reading;
    const report = JSON.parse(reading.report);
    reading.free();
    tell({ type: 'reading', id: request.id, reading: { report, samples, picture, pictureRows } },
      [samples.buffer, picture.buffer]);
  } catch (error) {
    const { code, message } = /** @type {{code?: string, message: string}} */ (error);
    if (code) tell({ type: 'refused', id: request.id, code, message });
    else tell({ type: 'crashed', message: message ?? String(error) });
  }
}

/** The first run is slow, since browsers compile what they run: done before anyone waits, unless someone waits. */
async function warmUp() {
  if (waiting === 0) engine?.analyzeSamples(new Float32Array(16_000), 16_000).free();
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
