// One clip, one model, one result: from run to run, natively and in the browser with either engine, on the CPU and on a GPU.
// `CORPORA=FOLDER` takes 500 clips of the corpora; otherwise it takes the clips that ship with the page.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SOFTWARE_GPU, launch, openBlank, root, serve } from './support.mjs';

const MODEL = process.env.MODEL ?? 'voice';
const { CORPORA } = process.env;
const COUNT = CORPORA ? 500 : Infinity;
/** A software GPU takes seconds a clip. */
const GPU_COUNT = CORPORA ? 500 : 4;
/** Largest allowed difference of probabilities. */
const TOLERANCE = 1e-4;
/** Set-up time of a software GPU; a worker that does not answer meanwhile is ended. */
const GPU_SET_UP_MS = 60_000;

let server;
let clips;
/** The command line's probabilities for each clip. */
let native;

before(async () => {
  server = await serve();
  clips = (await listFiles(CORPORA ?? join(root, 'www'))).filter((path) => /\.(wav|opus)$/i.test(path)).sort();
  shuffle(clips);
  clips = clips.slice(0, COUNT);
  native = predictNatively();
});

after(() => server.close());

async function listFiles(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** The same order each time (xorshift). */
function shuffle(items) {
  let state = 0x9E3779B9;
  for (let i = items.length - 1; i > 0; i -= 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
}

function predictNatively() {
  // Either build gives the same.
  const program = ['release', 'debug'].map((build) => join(root, 'target', build, 'sottovoce')).find(existsSync);
  assert.ok(program, 'the program is missing: run `cargo build` first');
  const text = execFileSync(program, ['predict', '--json', '--model', MODEL, ...clips], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return text.trim().split('\n').map((line) => JSON.parse(line).probabilities);
}

/** The page's engine's results for the first clips. */
async function predictInBrowser(args, count, backend, prepare = () => {}) {
  const browser = await launch(args);
  try {
    const page = await browser.newPage();
    await page.addInitScript(prepare);
    await openBlank(page, server);
    await page.evaluate(async ([model, wanted, ms]) => {
      const { engineOf } = await import(new URL('www/engine/engines.js', location.href).href);
      await engineOf(model, undefined, wanted).manifest();
      await new Promise((resolve) => setTimeout(resolve, ms));
    }, [MODEL, backend, backend === 'webgpu' ? GPU_SET_UP_MS : 0]);
    const results = [];
    for (const clip of clips.slice(0, count)) {
      const bytes = (await readFile(clip)).toString('base64');
      results.push(await page.evaluate(async ([text, options]) => {
        const { analyze } = await import(new URL('www/api.js', location.href).href);
        const { report } = await analyze(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer, options);
        return { backend: report.backend, probabilities: report.probabilities };
      }, [bytes, { model: MODEL, backend }]));
    }
    return results;
  } finally {
    await browser.close();
  }
}

const top = (probabilities) => Object.entries(probabilities).reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];

/** The largest difference of probabilities between two sets of results, and how many labels agree. */
function compare(what, ones, others) {
  const distances = others.map((other, index) => Math.max(...Object.entries(other).map(([emotion, share]) => Math.abs(share - ones[index][emotion]))));
  const isSame = others.map((other, index) => top(other) === top(ones[index]));
  const same = isSame.filter(Boolean).length;
  const apart = Math.max(...distances);
  console.log(`torture | ${MODEL}: ${what} | ${others.length} | ${same} | ${others.length - same} | | probabilities at most ${apart.toExponential(1)} apart`);
  return { apart, same };
}

test('the command line is deterministic from run to run', () => {
  assert.deepEqual(predictNatively(), native);
  compare('the command line, a second time', native, native);
});

test('the engines of the browser agree with the command line', { timeout: 3_600_000 }, async () => {
  const predict = async (...prepare) => (await predictInBrowser([], COUNT, 'cpu', ...prepare)).map(({ probabilities }) => probabilities);
  const relaxed = await predict();
  const plain = await predict(() => { WebAssembly.validate = () => false; });
  compare('relaxed SIMD and plain SIMD', plain, relaxed);
  assert.deepEqual(plain, relaxed, 'to the last bit');
  const { apart, same } = compare('the browser and the command line', native, relaxed);
  assert.equal(same, relaxed.length, 'labels are the same');
  assert.ok(apart <= TOLERANCE, `${apart} apart`);
  assert.deepEqual((await predict()), relaxed, 'and the same from run to run');
});

// Of the clips that ship, tests/e2e/webgpu.test.mjs compares one; in software each takes seconds.
const skip = !CORPORA && !process.env.SOTTOVOCE_TORTURE;

test('a GPU gives the same results', { timeout: 7_200_000, skip }, async () => {
  const results = await predictInBrowser(SOFTWARE_GPU, GPU_COUNT, 'webgpu');
  assert.ok(results.every(({ backend }) => backend === 'webgpu'), 'it was used');
  const cpu = (await predictInBrowser([], GPU_COUNT, 'cpu')).map(({ probabilities }) => probabilities);
  const gpu = results.map(({ probabilities }) => probabilities);
  compare('WebGPU (software) and the CPU', cpu, gpu);
  assert.deepEqual(gpu, cpu, 'to the last bit');
});
