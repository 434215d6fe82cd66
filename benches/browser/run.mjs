// Drives the browser benchmark and prints its table. `cargo xtask bench` builds what it needs first.

import { statSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SOFTWARE_GPU, dist, launch, launchWithProfile, longRecording, open, root, serve } from '../../tests/e2e/support.mjs';
import { serveFolder } from '../../xtask/server.mjs';

const COLD_STARTS = 7;
const SLOW_STARTS = 3;
/** Clips in the long recording, which make it about ten minutes. */
const CLIPS_FOLLOWED = 200;
const FOLLOWED = 3;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (times) => `${ms(median(times))} (${ms(Math.min(...times))} to ${ms(Math.max(...times))})`;
const ms = (value) => `${value.toFixed(value < 20 ? 1 : 0)} ms`;

/**
 * Milliseconds from opening the page until the first reading, which is asked for as soon as one can, and until `voice` is ready. The first
 * visit of a context has an empty cache.
 */
async function visit(context, url, { slow = false } = {}) {
  const page = await context.newPage();
  if (slow) {
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 });
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  }
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      const button = document.querySelector('#samples button');
      if (button && !globalThis.clicked) {
        globalThis.clicked = true;
        button.click();
      }
      const isRead = Boolean(document.querySelector('#meta')?.textContent);
      if (isRead) globalThis.readingMs ??= performance.now();
      if (isRead && document.documentElement.dataset.model === 'voice') {
        globalThis.voiceMs = performance.now();
        observer.disconnect();
      }
    }).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.voiceMs, undefined, { timeout: 120_000 });
  // The page is cached for the next visit once it has a worker for that.
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const times = await page.evaluate(() => ({ reading: globalThis.readingMs, voice: globalThis.voiceMs }));
  await page.close();
  return times;
}

/** Runs visits in a new profile on disk, as a visitor has one: without one, browsers keep no compiled scripts. */
async function inNewProfile(visits) {
  const folder = await mkdtemp(join(tmpdir(), 'sottovoce-profile-'));
  const context = await launchWithProfile(folder);
  try {
    await visits(context);
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The times of several first visits, of a second visit after each, and of first visits over a slow line with a slow processor. */
async function visits(url, compressedUrl) {
  const [first, second, slow] = [[], [], []];
  for (let i = 0; i < COLD_STARTS; i += 1) {
    await inNewProfile(async (context) => {
      first.push(await visit(context, url));
      second.push(await visit(context, url));
    });
  }
  for (let i = 0; i < SLOW_STARTS; i += 1) {
    await inNewProfile(async (context) => slow.push(await visit(context, compressedUrl, { slow: true })));
  }
  return { first, second, slow };
}

/** Seconds of speech that the page reads in one second, by `voice` on as many workers as there are cores. */
async function following(browser, url) {
  const { context, page } = await open(browser, url, { bypassCSP: true });
  const recording = await longRecording(page, CLIPS_FOLLOWED);
  await page.setInputFiles('#file', recording);
  const button = page.getByRole('button', { name: /^Follow all/ });
  await button.waitFor();
  const start = performance.now();
  await button.click();
  await page.locator('#timeline-summary').filter({ hasText: 'moments' }).waitFor({ timeout: 600_000 });
  const seconds = (performance.now() - start) / 1000;
  await context.close();
  return recording.seconds / seconds;
}

/** Runs of each encoder. */
const RUNS = { voice: 15, base: 5 };

/** A page that can run any encoder. */
async function encoderPage(browser, url) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.goto(`${url}benches/browser/encoder.html`);
  await page.waitForFunction(() => globalThis.loaded);
  return page;
}

/** One encoder in one runtime, in a page of its own. */
async function encoder(browser, url, options) {
  const page = await encoderPage(browser, url);
  const runs = RUNS[options.model];
  const result = await page.evaluate((options) => globalThis.run(options), { runs, ...options });
  await page.close();
  return { ...result, median: median(result.times) };
}

/** Our engines and ONNX Runtime's on the same encoder. */
function encoders(browser, url, model) {
  return compare(browser, url, model, [
    ['sottovoce, relaxed SIMD', { engine: 'sottovoce_relaxed.wasm' }],
    ['sottovoce, SIMD', { engine: 'sottovoce_bg.wasm' }],
    ['ONNX Runtime Web, int8', { onnx: `${model}.int8.onnx` }],
    ['ONNX Runtime Web, fp32', { onnx: `${model}.onnx` }],
  ]);
}

/** The same on the graphics processor that a browser has, and what this is called. */
async function encodersOnGpu(browser, url) {
  const page = await encoderPage(browser, url);
  const adapter = await page.evaluate(() => globalThis.adapter());
  await page.close();
  if (!adapter) return undefined;
  // One in software takes seconds for the small encoder, and minutes for the large one.
  const models = adapter.includes('swiftshader') ? ['voice'] : ['voice', 'base'];
  const rows = [];
  for (const model of models) {
    const options = { onGpu: true, runs: RUNS.base };
    rows.push(...encoderRows(model, await compare(browser, url, model, [
      ['sottovoce, int8', { engine: 'sottovoce_relaxed.wasm', ...options }],
      ['ONNX Runtime Web, fp32', { onnx: `${model}.onnx`, ...options }],
    ])));
  }
  return { adapter, rows };
}

/** Each contender's figures, one after the other. */
async function compare(browser, url, model, contenders) {
  const rows = [];
  for (const [who, options] of contenders) rows.push({ who, ...await encoder(browser, url, { model, ...options }) });
  return rows;
}

const SIZES = {
  'sottovoce, relaxed SIMD': 'dist/sottovoce_relaxed.wasm',
  'sottovoce, SIMD': 'dist/sottovoce_bg.wasm',
  'sottovoce, GPU (beside one of those)': 'dist/sottovoce_gpu.wasm',
  'ONNX Runtime Web': 'benches/browser/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  'ONNX Runtime Web with WebGPU': 'benches/browser/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm',
};
const NAMES = { voice: 'voice’s encoder', base: 'wav2vec 2.0 of base size' };
const TARGETS = { voice: ['100 ms', ''], base: ['1200 ms', '450 MB'] };

function encoderRows(model, results) {
  const [{ median: ours }] = results;
  return results.map(({ who, median: time, times, startMs, memory }, i) => [
    i === 0 ? `4 s through ${NAMES[model]}` : '',
    who,
    spread(times),
    i === 0 ? '1' : (time / ours).toFixed(1),
    ms(startMs),
    `${(memory / 1e6).toFixed(0)} MB`,
    i === 0 ? TARGETS[model].filter(Boolean).join(', ') : '',
  ]);
}

/** Medians of the native benchmarks, which criterion leaves in files, one folder for each or for a group; then those of other libraries. */
async function nativeRows(stages) {
  const folder = join(root, 'target/criterion');
  const files = await readdir(folder, { recursive: true });
  const rows = [];
  for (const file of files.filter((file) => file.endsWith('new/benchmark.json')).sort()) {
    const { full_id: id } = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const { median } = JSON.parse(await readFile(join(folder, dirname(file), 'estimates.json'), 'utf8'));
    const [low, high] = [median.confidence_interval.lower_bound, median.confidence_interval.upper_bound];
    rows.push([id.replace('/', ', '), ms(median.point_estimate / 1e6), `${ms(low / 1e6)} to ${ms(high / 1e6)}`]);
  }
  return [...rows, ...stages.map(({ task, engine, ms: median }) => [`${task}: ${engine}`, ms(median), ''])];
}

/** Times for the recordings of an archive, by `peers.py`. */
function archiveRows(archives) {
  return archives.map(({ engine, task, recordings, ms_per_recording: each, times_ours: ratio }) =>
    [engine, task, recordings, ms(each), (1000 / each).toFixed(0), ratio === 1 ? '1' : ratio.toFixed(1)]);
}

const peers = JSON.parse(await readFile(join(root, 'target/bench/peers.json'), 'utf8'));
const project = await serve(root, '/');
const built = await serve();
const compressed = await serveFolder(dist, { compress: true });
const browser = await launch();
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.goto(`${project.url}benches/browser/index.html`);
  await page.waitForFunction(() => globalThis.loaded);
  const { ours, meyda, essentia } = await page.evaluate(() => globalThis.run());
  const { first, second, slow } = await visits(built.url, compressed.url);

  const followed = [];
  for (let i = 0; i < FOLLOWED; i += 1) followed.push(await following(browser, built.url));

  const heard = [];
  for (const model of ['voice', 'base']) heard.push(...encoderRows(model, await encoders(browser, project.url, model)));

  let gpu = await encodersOnGpu(browser, project.url);
  if (!gpu) {
    const inSoftware = await launch(SOFTWARE_GPU);
    gpu = await encodersOnGpu(inSoftware, project.url);
    await inSoftware.close();
  }

  const rows = [
    ['40 MFCC and RMS of 4 s, 216 frames', 'sottovoce', ms(ours.features_ms), '10 ms'],
    ['', 'Meyda 5.6.3', `${ms(meyda)} (${(meyda / ours.features_ms).toFixed(0)} times ours)`, ''],
    ['40 MFCC alone, the same frames', 'Essentia.js 0.1.3', `${ms(essentia)} (${(essentia / ours.features_ms).toFixed(0)} times ours)`, ''],
    ['input quality', 'sottovoce', ms(ours.quality_ms), ''],
    ['mfcc1’s network', 'sottovoce', ms(ours.model_ms), ''],
    ['a whole prediction of 4 s, with plots', 'sottovoce', ms(ours.whole), '60 ms'],
    ['Grad-CAM beyond the prediction, `mfcc1`', 'sottovoce', ms(ours.explaining), '60 ms'],
    ['first visit, empty cache, to the first reading', 'sottovoce', spread(first.map(({ reading }) => reading)), '700 ms'],
    ['the same, until `voice` is ready', 'sottovoce', spread(first.map(({ voice }) => voice)), '1500 ms'],
    ['second visit, to the first reading', 'sottovoce', spread(second.map(({ reading }) => reading)), '400 ms'],
    ['first visit at 10 Mbit/s with gzip, 40 ms latency, a quarter of the processor’s speed (of the page’s thread)', 'sottovoce', spread(slow.map(({ reading }) => reading)), '3000 ms'],
    ['ten minutes followed by `voice`, a window every 2 s, all cores', 'sottovoce', `${median(followed).toFixed(0)} times real time`, '40 times'],
  ];
  const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const text = `# Benchmarks

The last run of \`cargo xtask bench\`: ${new Date().toISOString().slice(0, 10)}, Chromium ${browser.version()}, ${cpus()[0].model}, ${cpus().length} cores.
One thread unless stated otherwise; medians, all from one run on one machine. Numbers from other machines are not compared.

${table(['task', 'engine', 'time', 'target'], rows)}

Encoders get four seconds of noise. Our times include feature extraction, the peer's do not. Start is the time from files
in memory to a ready runtime; memory is the final size of WebAssembly's memory. Each runs in a page of its own.

${table(['task', 'engine', 'time', 'times ours', 'start', 'memory', 'target'], heard)}

Through WebGPU on \`${gpu.adapter}\`, our times include feature extraction and reading back the hidden states.${
  gpu.adapter.includes('swiftshader') ? ' That adapter is software on the CPU: it ranks the two engines, but says nothing about the speed of a GPU.' : ''}

${table(['task', 'engine', 'time', 'times ours', 'start', 'memory of WebAssembly', 'target'], gpu.rows)}

Natively (\`benches/stages.rs\`, \`benches/native/peers.py\`), on the same processor:

${table(['stage', 'median', '95 % interval'], await nativeRows(peers.stages))}

Recordings of two to four seconds, WAV of 16 kHz, on ${peers.cores} cores, start of the program or the workers included:

${table(['engine', 'gives', 'recordings', 'a recording', 'a second', 'times ours'], archiveRows(peers.archives))}

\`sottovoce batch\` on the same cores:

${table(['input', 'time', 'memory'], peers.growth.map(({ task, seconds, megabytes }) => [task, `${seconds.toFixed(1)} s`, `${megabytes.toFixed(0)} MB`]))}

| engine, raw | size |
| --- | --- |
${Object.entries(SIZES).map(([who, file]) => `| ${who} | ${(statSync(join(root, file)).size / 1e6).toFixed(1)} MB |`).join('\n')}
`;
  console.log(`\n${text}`);
  await writeFile(join(root, 'docs/BENCHMARKS.md'), text);
} finally {
  await browser.close();
  await project.close();
  await built.close();
  await compressed.close();
}
