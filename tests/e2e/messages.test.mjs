// Random messages to the worker: it replies to each once, and reads as before.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { dist, openBlank, sample, useSite } from './support.mjs';

const MESSAGES = Number(process.env.MESSAGES ?? 400);
const SEED = Number(process.env.SEED ?? 1);

const site = useSite();

/** Runs in the browser: sends random messages, one after the other, and counts the types of replies. */
async function sendRandomMessages({ manifest, weights, clip, messages, seed }) {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const module = await WebAssembly.compileStreaming(fetch(new URL('sottovoce_full.wasm', location.href)));
  const script = new URL('sottovoce_full.js', location.href).href;
  const load = { type: 'load', id: 0, script, module, manifest, files: [bytesOf(weights)], backend: 'cpu' };

  let state = seed;
  const below = (count) => {
    state = Math.imul(state ^ (state >>> 15), 0x2C1B3C6D) + 0x9E3779B9 | 0;
    return ((state ^ (state >>> 13)) >>> 0) % count;
  };
  const pick = (items) => items[below(items.length)];
  const number = () => pick([0, -1, 1, 7, 0.5, 16_000, 48_000, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), NaN, Infinity, 1e308, below(70_000)]);
  const floats = () => new Float32Array(below(20_000)).fill(0).map(() => pick([0, 0.1, -0.1, 1, NaN, Infinity, 1e38, below(1000) / 500 - 1]));
  const anything = (depth = 0) => pick([
    number, floats, () => null, () => undefined, () => '', () => 'angry', () => 'x'.repeat(below(5000)), () => true, () => new Date(0),
    () => new Blob(['x']), () => new ArrayBuffer(below(100)), () => new Map([[1, 2]]), () => 2n ** 70n,
    () => (depth > 3 ? 0 : Array.from({ length: below(4) }, () => anything(depth + 1))),
    () => (depth > 3 ? {} : { [pick(['a', 'length', 'size', 'type', '__proto__'])]: anything(depth + 1) }),
  ])();
  const TYPES = ['file', 'channels', 'samples', 'window', 'enrolWindow', 'trainCustom', 'describeCustom', 'merge', 'explain', 'occlusionParts', 'predictOccluded', 'occludedProbabilities', 'explainByOcclusion', 'attention', 'activations', 'timeline', 'variance', 'steps',
    'load', 'toString', '__proto__', 'constructor', ''];
  const FIELDS = ['speaker', 'custom', 'names', 'labels', 'enrolments', 'references', 'samples', 'rateHz', 'emotion', 'count', 'from', 'to', 'outputs', 'windows', 'format', 'clips', 'frame', 'window', 'hop', 'bands', 'coefficients', 'file', 'channels', 'channel', 'manifest', 'files', 'script', 'module', 'backend'];
  const likely = {
    speaker: () => pick(['', '{}', undefined, 'null']), references: () => [pick(['', '{}', 'null'])],
    custom: () => pick(['', '{}', undefined, 'null']), names: () => ['a', pick(['a', 'b', ''])], labels: () => Uint32Array.of(0, number()), enrolments: () => [pick(['', '{}']), 'null'],
    samples: floats, rateHz: number, emotion: () => pick(['angry', 'sad', 'none']), count: number, from: number, to: number, outputs: floats,
    channels: () => [floats(), floats()], channel: () => pick(['left', 2, 'none', undefined]), clips: () => [floats(), floats()], frame: number, window: () => pick([512, 1024, number()]), hop: () => pick([128, 256, number()]),
    bands: () => pick([40, 128, number()]), coefficients: () => pick([13, number()]), file: () => new File([floats()], 'x'),
    windows: () => [{ start_s: number(), end_s: number(), certainty: pick(['likely', 'no-speech', '']), probabilities: {}, caption: '<' }], format: () => pick(['csv', 'textgrid', 'webvtt', 'x']),
    manifest: () => manifest.slice(0, below(manifest.length)), files: () => [floats()], script: () => script, module: () => module, backend: () => 'cpu',
  };

  let worker;
  let receive;
  /** Starts a worker with the model, as the page does. */
  const begin = async () => {
    worker?.terminate();
    worker = new Worker(new URL('www/engine/worker.js', location.href), { type: 'module' });
    worker.onmessage = ({ data }) => { if (data.type !== 'backend') receive(data); };
    worker.onerror = (event) => receive({ type: 'error', message: event.message });
    await ask(load);
  };
  const ask = (message) => new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`no answer to ${message?.type}`)), 20_000);
    receive = (reply) => { clearTimeout(timeout); resolve(reply); };
    worker.postMessage(message);
  });
  const predict = async () => (await ask({ type: 'samples', id: 1, samples: floats32(), rateHz: 16_000 })).answer.report.probabilities;
  const recorded = bytesOf(clip);
  const floats32 = () => new Float32Array(recorded.length * 4).map((_, i) => recorded[i >> 2] / 128 - 1);

  await begin();
  const before = JSON.stringify(await predict());
  const counts = {};
  let restarts = 0;
  for (let n = 0; n < messages; n += 1) {
    const type = pick(TYPES);
    const message = below(20) === 0 ? anything() : { type, id: n };
    if (message && typeof message === 'object') {
      for (const field of FIELDS) {
        if (below(3) > 0) message[field] = (below(4) > 0 ? likely[field] : anything)();
      }
    }
    let reply;
    try {
      reply = await ask(message);
    } catch (error) {
      if (error.name !== 'DataCloneError') throw error;
      continue;
    }
    counts[reply.type] = (counts[reply.type] ?? 0) + 1;
    if (reply.type === 'refused' && !(reply.code && reply.message)) throw new Error('a refusal without words');
    // As the page does, replaces a worker that crashed.
    if (reply.type === 'crashed' || reply.type === 'error' || reply.type === 'ready') {
      restarts += 1;
      await begin();
    }
  }
  return { counts, restarts, isSame: JSON.stringify(await predict()) === before };
}

test('the worker replies to every message once and reads as before', { timeout: 280_000 }, async () => {
  const page = await site.browser.newPage();
  await openBlank(page, site.server);
  // The page puts this before its workers' text.
  await page.route('**/www/engine/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `globalThis.importModule = (address) => import(address);\n${await response.text()}` });
  });
  const base64 = async (path) => (await readFile(path)).toString('base64');
  const result = await page.evaluate(sendRandomMessages, {
    manifest: await readFile(join(dist, 'models/baseline/model.json'), 'utf8'),
    weights: await base64(join(dist, 'models/baseline/model.safetensors')),
    clip: await base64(sample('1028_MTI_SAD_XX.opus')), messages: MESSAGES, seed: SEED,
  });
  const tried = Object.values(result.counts).reduce((sum, count) => sum + count, 0);
  console.log(`torture | random messages to the worker | ${tried} | ${tried} | 0 | | ${JSON.stringify(result.counts).replaceAll('"', '')}`);
  assert.ok(tried > 0.8 * MESSAGES);
  assert.ok(result.counts.answer > 0 && result.counts.refused > 0, JSON.stringify(result.counts));
  assert.equal(result.isSame, true);
});
