// Runs in the browser: one encoder on four seconds, in our engine or in ONNX Runtime, in a page of its own so that
// memory can be told apart. `make_models.py` and `sottovoce encoder import` made the files.

import init, { Engine } from '/dist/sottovoce.js';
import initGpu, { GpuModel } from '/dist/sottovoce_gpu.js';

const RATE_HZ = 16_000;
const SAMPLES = 4 * RATE_HZ;
const INPUTS = { base: [1, SAMPLES], voice: [1, 80, 400] };
const MODELS = '/target/bench';

/** Every memory that is made, since runtimes hide theirs. */
const memories = [];
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(Memory, [limits]) {
    const memory = new Memory(limits);
    memories.push(memory);
    return memory;
  },
});

const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const json = async (url) => (await fetch(url)).json();

/** Noise that gets louder and softer. */
const noise = (length) => Float32Array.from({ length }, (_, i) => (Math.random() - 0.5) * (1 + Math.sin(i / 3000)));

async function described(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return { file: 'model.safetensors', bytes: text.length, sha256: [...digest].map((b) => b.toString(16).padStart(2, '0')).join('') };
}

/** Weights of a small network on `width` values, for an encoder that is measured and not judged. */
function smallWeights(width) {
  const shapes = { 'first.weight': [width, 8], 'first.bias': [8], 'second.weight': [8, 8], 'second.bias': [8], 'output.weight': [8, 7], 'output.bias': [7] };
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = end;
    end += 4 * shape.reduce((a, b) => a * b);
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

/** A model of ours that hears exactly four seconds through the encoder. */
async function ourModel(name) {
  const { clip } = await json('/dist/models/mfcc1/model.json');
  const voice = await json('/dist/models/voice/model.json');
  const [encoder, folder] = name === 'voice'
    ? [voice.front_end.encoder, '/dist/models/voice'] : [await json(`${MODELS}/encoders/base/encoder.json`), `${MODELS}/encoders/base`];
  const { width, layers } = encoder.network;
  const weights = smallWeights(width);
  const manifest = {
    ...voice,
    clip,
    front_end: { encoder, states: [layers], statistics: 'mean' },
    normalise: { mean: Array(width).fill(0), std: Array(width).fill(1) },
    architecture: { ...voice.architecture, input: [width, 1], hidden: [8, 8] },
    weights: await described(weights),
    speaker: undefined,
  };
  return { manifest: JSON.stringify(manifest), files: [weights, ...await Promise.all(encoder.shards.map(({ file }) => bytes(`${folder}/${file}`)))] };
}

async function ours(name, engineFile, onGpu) {
  const { manifest, files } = await ourModel(name);
  const start = performance.now();
  const used = [(await init({ module_or_path: `/dist/${engineFile}` })).memory];
  const engine = new Engine(manifest, files);
  if (onGpu) {
    used.push((await initGpu({ module_or_path: '/dist/sottovoce_gpu.wasm' })).memory);
    await engine.tryGpu(await GpuModel.open(manifest, files), true);
  }
  const startMs = performance.now() - start;
  const recording = noise(SAMPLES + RATE_HZ / 2);
  const run = async () => {
    const { report } = await engine.analyzeSamples(recording, RATE_HZ);
    if (report.backend !== (onGpu ? 'webgpu' : 'cpu')) throw new Error(`read on ${report.backend}`);
    return report.timings.features_ms;
  };
  return { startMs, run, memory: () => used.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

async function onnxRuntime(file, onGpu) {
  const ort = await import(`./node_modules/onnxruntime-web/dist/ort.${onGpu ? 'webgpu' : 'wasm'}.min.mjs`);
  const model = await bytes(`${MODELS}/${file}`);
  ort.env.wasm.numThreads = 1;
  const start = performance.now();
  const session = await ort.InferenceSession.create(model, { executionProviders: [onGpu ? 'webgpu' : 'wasm'] });
  const startMs = performance.now() - start;
  const shape = INPUTS[file.split('.')[0]];
  const input = new ort.Tensor('float32', noise(shape.reduce((a, b) => a * b)), shape);
  const run = async () => {
    const begun = performance.now();
    await session.run({ input });
    return performance.now() - begun;
  };
  return { startMs, run, memory: () => Math.max(...memories.map((memory) => memory.buffer.byteLength)) };
}

/** Milliseconds of each run after the first, of the start, and the bytes that the runtime's memory grew to. */
globalThis.run = async ({ model, engine, onnx, onGpu, runs }) => {
  const runtime = engine ? await ours(model, engine, onGpu) : await onnxRuntime(onnx, onGpu);
  await runtime.run();
  const times = [];
  for (let i = 0; i < runs; i += 1) times.push(await runtime.run());
  return { times, startMs: runtime.startMs, memory: runtime.memory() };
};
/** What the graphics processor is called; nothing if there is none. */
globalThis.adapter = async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter && `${adapter.info.vendor} ${adapter.info.architecture}`;
};
globalThis.loaded = true;
