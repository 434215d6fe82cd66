// Runs in the browser: our engine and its peers on the same four seconds, on one thread, in one page.
// Frames of 2048 samples, 297 apart, 128 mel bands, 40 coefficients: 216 frames.

import init, { Engine } from '/dist/sottovoce.js';
import initFull, { Engine as FullEngine } from '/dist/sottovoce_full.js';
import { EssentiaWASM } from './node_modules/essentia.js/dist/essentia-wasm.es.js';
import Essentia from './node_modules/essentia.js/dist/essentia.js-core.es.js';

const RATE_HZ = 16_000;
const FRAME = 2048;
const HOP = 297;
const FRAMES = 216;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Median milliseconds of `work` over `runs`, after warming up. */
async function time(runs, work) {
  for (let i = 0; i < Math.min(runs, 5); i += 1) await work();
  const times = [];
  for (let i = 0; i < runs; i += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Four seconds that sound a little like a voice. */
function voice() {
  const samples = new Float32Array(4 * RATE_HZ);
  for (let i = 0; i < samples.length; i += 1) {
    const t = i / RATE_HZ;
    for (let k = 1; k < 12; k += 1) samples[i] += (0.2 / k) * Math.sin(2 * Math.PI * k * (120 + 30 * Math.sin(5 * t)) * t);
  }
  return samples;
}

/** Centred frames with zeros beyond the ends, as ours and librosa's. */
function frames(samples) {
  const padded = new Float32Array(samples.length + FRAME);
  padded.set(samples, FRAME / 2);
  return Array.from({ length: FRAMES }, (_, i) => padded.slice(i * HOP, i * HOP + FRAME));
}

/** Medians of a whole prediction and of its stages, with a clip for explanations. */
async function predictions(engine, samples) {
  const stages = { features_ms: [], model_ms: [], quality_ms: [] };
  // The clip begins half a second in; repeating the first half second keeps the four seconds the peers get.
  const recording = new Float32Array(samples.length + RATE_HZ / 2);
  recording.set(samples, RATE_HZ / 2);
  const whole = await time(100, async () => {
    const { report } = await engine.analyzeSamples(recording, RATE_HZ);
    for (const stage of Object.keys(stages)) stages[stage].push(report.timings[stage]);
  });
  const { samples: clip } = await engine.analyzeSamples(recording, RATE_HZ);
  return { clip, whole, ...Object.fromEntries(Object.entries(stages).map(([stage, values]) => [stage, median(values.slice(5))])) };
}

async function ours(samples, manifest, weights) {
  await init({ module_or_path: '/dist/sottovoce_relaxed.wasm' });
  await initFull({ module_or_path: '/dist/sottovoce_full.wasm' });
  const { clip: _, ...predicted } = await predictions(new Engine(manifest, [weights]), samples);
  // Gradients are in another engine, and come on top of a prediction by it.
  const full = new FullEngine(manifest, [weights]);
  const { clip, features_ms: features, model_ms: model } = await predictions(full, samples);
  const explained = await time(50, () => full.explain(clip, 'angry'));
  return { ...predicted, explaining: explained - features - model };
}

function meyda(pieces) {
  const { Meyda } = globalThis;
  Object.assign(Meyda, { sampleRate: RATE_HZ, bufferSize: FRAME, melBands: 128, numberOfMFCCCoefficients: 40 });
  return time(9, () => pieces.map((piece) => Meyda.extract(['mfcc', 'rms'], piece)));
}

function essentia(pieces) {
  const essentia = new Essentia(EssentiaWASM);
  return time(9, () => pieces.map((piece) => {
    const vector = essentia.arrayToVector(piece);
    const windowed = essentia.Windowing(vector, true, FRAME, 'hann').frame;
    const { spectrum } = essentia.Spectrum(windowed, FRAME);
    const result = essentia.MFCC(spectrum, 2, 8000, FRAME / 2 + 1, 0, 'dbamp', 0, 'unit_sum', 128, 40, RATE_HZ);
    const coefficients = essentia.vectorToArray(result.mfcc);
    for (const part of [vector, windowed, spectrum, result.bands, result.mfcc]) part.delete();
    return coefficients;
  }));
}

globalThis.run = async () => {
  const [manifest, weights] = await Promise.all([
    fetch('/dist/models/mfcc1/model.json').then((response) => response.text()),
    fetch('/dist/models/mfcc1/model.safetensors').then((response) => response.arrayBuffer()),
  ]);
  const samples = voice();
  const pieces = frames(samples);
  return { ours: await ours(samples, manifest, new Uint8Array(weights)), meyda: await meyda(pieces), essentia: await essentia(pieces) };
};
globalThis.loaded = true;
