// The page kept at work: clips in a row, on the processor and on a graphics processor in software, and the microphone followed
// live. Memory must not grow once the page is warm. `SOTTOVOCE_TORTURE=long` is 2,000 clips and an hour; otherwise it is short.
// `cargo xtask torture` gathers the lines that begin with `torture |`.

import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { SOFTWARE_GPU, dist, launch, longRecording, open, root, serve } from './support.mjs';

const isLong = process.env.SOTTOVOCE_TORTURE === 'long';
const CLIPS = Number(process.env.CLIPS ?? (isLong ? 2000 : 60));
const GPU_CLIPS = Number(process.env.GPU_CLIPS ?? (isLong ? 200 : 20));
const LIVE_S = Number(process.env.LIVE_S ?? (isLong ? 3600 : 30));
/** How often memory is looked at. */
const LOOKS = 10;

let folder;
let server;
let clips;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
  await cp(dist, folder, { recursive: true });
  // A test has no other way to the engine's memory.
  await appendFile(join(folder, 'www/engine/worker.js'), '\nglobalThis.engineBytes = async () => (await init()).memory.buffer.byteLength;\n');
  server = await serve(folder);
  const lesson = join(root, 'www/lesson/clips');
  clips = (await readdir(lesson)).filter((name) => name.endsWith('.opus')).map((name) => join(lesson, name));
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The memory of the browser's processes of one kind, in MB, as the system counts it. */
async function processMb(browser, kind) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = await Promise.all(processInfo.filter(({ type }) => type === kind).map(async ({ id }) => {
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    return Number(status.match(/VmRSS:\s+(\d+)/)?.[1] ?? 0) / 1024;
  }));
  return Math.max(0, ...sizes);
}

/** What the page holds, after what it has given up was collected. */
async function memory(browser, page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const engines = await Promise.all(page.workers().map((worker) => worker.evaluate(() => globalThis.engineBytes?.() ?? 0)));
  return {
    engine: Math.max(...engines) / 2 ** 20, heap: usedSize / 2 ** 20,
    renderer: await processMb(browser, 'renderer'), gpu: await processMb(browser, 'GPU'),
  };
}

/** A WAV file of speech for the microphone, which begins anew at its end. */
async function speech() {
  const browser = await launch();
  try {
    const { page } = await open(browser, server.url, { bypassCSP: true });
    const path = join(folder, 'speech.wav');
    await writeFile(path, (await longRecording(page, 5, 1)).buffer);
    return path;
  } finally {
    await browser.close();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const mb = (value) => `${value.toFixed(1)} MB`;

/** What was seen, in one line. */
function tell(what, tried, looks, took) {
  const { length } = took;
  const tenth = Math.max(1, Math.floor(length / 10));
  const [warm, last] = [looks[1], looks.at(-1)];
  const peak = Math.max(...looks.map(({ renderer, gpu }) => Math.max(renderer, gpu)));
  const of = (part) => `${part} ${mb(warm[part])} to ${mb(last[part])}`;
  console.log(`torture | ${what} | ${tried} | ${length} | ${tried - length} | ${mb(peak)} | ${['engine', 'heap', 'renderer', 'gpu'].map(of).join(', ')}; `
    + `${Math.round(median(took.slice(tenth, 2 * tenth)))} ms at first, ${Math.round(median(took.slice(-tenth)))} ms at last`);
}

/** Reads so many clips one after the other, as somebody does who chooses them. */
async function inARow(browser, address, count, what) {
  const { context, page, errors } = await open(browser, address);
  const took = [];
  const looks = [];
  const answers = new Map();
  for (let n = 0; n < count; n += 1) {
    const clip = clips[n % clips.length];
    await page.locator('#meta').evaluate((meta) => { meta.textContent = ''; });
    const start = performance.now();
    await page.setInputFiles('#file', clip);
    await page.waitForFunction((name) => document.querySelector('#meta').textContent.startsWith(name), basename(clip), { polling: 10 });
    took.push(performance.now() - start);
    const answer = await page.locator('#bars').textContent();
    const before = answers.get(clip) ?? answer;
    answers.set(clip, before);
    assert.equal(answer, before, `${basename(clip)} reads as it did ${n} clips ago`);
    if (n % Math.ceil(count / LOOKS) === 0 || n === count - 1) looks.push(await memory(browser, page));
  }
  assert.deepEqual(errors, []);
  tell(what, count, looks, took);
  await context.close();
  return looks;
}

const isFlat = (looks, part) => {
  const [warm, last] = [looks[1][part], looks.at(-1)[part]];
  assert.ok(last <= 1.05 * warm, `${part}: ${mb(warm)} once warm, ${mb(last)} at the end`);
};

test('clips in a row on the processor take no more memory than the first', { timeout: 3_600_000 }, async () => {
  const browser = await launch();
  try {
    const looks = await inARow(browser, `${server.url}?backend=cpu`, CLIPS, 'clips in a row, voice on the processor');
    isFlat(looks, 'engine');
  } finally {
    await browser.close();
  }
});

test('clips in a row on a graphics processor take no more memory than the first', { timeout: 3_600_000 }, async () => {
  const browser = await launch(SOFTWARE_GPU);
  try {
    const looks = await inARow(browser, `${server.url}?backend=webgpu`, GPU_CLIPS, 'clips in a row, voice on a graphics processor (software)');
    isFlat(looks, 'engine');
    // A few clips do not warm it up.
    if (isLong) isFlat(looks, 'gpu');
  } finally {
    await browser.close();
  }
});

test('the microphone is followed without growing memory or delay', { timeout: 7_200_000 }, async () => {
  const browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${await speech()}`]);
  try {
    const { context, page, errors } = await open(browser, `${server.url}?backend=cpu`, { permissions: ['microphone'] });
    await page.getByRole('button', { name: 'Follow live' }).click();
    const took = [];
    const looks = [];
    const start = performance.now();
    let told = '';
    while (performance.now() - start < 1000 * LIVE_S) {
      await page.waitForTimeout(250);
      const text = await page.locator('#live-behind').textContent();
      const late = Number(text.match(/\d+/)?.[0]);
      if (text !== told && late) took.push(late);
      told = text;
      if (performance.now() - start > 1000 * LIVE_S / LOOKS * looks.length) looks.push(await memory(browser, page));
    }
    looks.push(await memory(browser, page));
    assert.deepEqual(errors, []);
    assert.ok(took.length > LIVE_S / 10, `${took.length} readings were told`);
    const at = await page.locator('#moment').getAttribute('max');
    tell(`the microphone followed for ${LIVE_S} s, ${Number(at) + 1} readings`, took.length, looks, took);
    isFlat(looks, 'engine');
    await page.getByRole('button', { name: 'Stop' }).first().click();
    await context.close();
  } finally {
    await browser.close();
  }
});
