// The page under sustained load: clips in a row, on the CPU and on a software GPU, and the microphone followed live. Memory must
// not grow after the warm-up. It runs for `SOTTOVOCE_TORTURE=short`, and for 2,000 clips and an hour if that is `long`;
// `cargo xtask torture` sets it, and collects the lines that begin with `torture |`.

import assert from 'node:assert/strict';
import { appendFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import { SOFTWARE_GPU, fakeMicrophone, launch, longRecording, open, root, useSite } from './support.mjs';

const skip = !process.env.SOTTOVOCE_TORTURE;
const isLong = process.env.SOTTOVOCE_TORTURE === 'long';
const CLIPS = Number(process.env.CLIPS ?? (isLong ? 2000 : 60));
const GPU_CLIPS = Number(process.env.GPU_CLIPS ?? (isLong ? 200 : 20));
const LIVE_S = Number(process.env.LIVE_S ?? (isLong ? 3600 : 30));
/** How often memory is measured. */
const MEASUREMENTS = 10;

const site = useSite({ isCopy: true });
let clips;

before(async () => {
  await site.start();
  // A test has no other way to the engine's memory.
  await appendFile(join(site.folder, 'www/engine/worker.js'), '\nglobalThis.engineBytes = async () => (await exports.default()).memory.buffer.byteLength;\n');
  const lesson = join(root, 'www/lesson/clips');
  clips = (await readdir(lesson)).filter((name) => name.endsWith('.opus')).map((name) => join(lesson, name));
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

/** Memory in use after garbage collection. */
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

/** A WAV file of speech, which the fake microphone repeats. */
async function speech() {
  const { context, page } = await site.open({ bypassCSP: true });
  const path = join(site.folder, 'speech.wav');
  await writeFile(path, (await longRecording(page, 5, 1)).buffer);
  await context.close();
  return path;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const mb = (value) => `${value.toFixed(1)} MB`;

/** Prints the measurements in one line. */
function report(what, tried, measured, took) {
  const { length } = took;
  const tenth = Math.max(1, Math.floor(length / 10));
  const [warm, last] = [measured[1], measured.at(-1)];
  const peak = Math.max(...measured.map(({ renderer, gpu }) => Math.max(renderer, gpu)));
  const of = (part) => `${part} ${mb(warm[part])} to ${mb(last[part])}`;
  console.log(`torture | ${what} | ${tried} | ${length} | ${tried - length} | ${mb(peak)} | ${['engine', 'heap', 'renderer', 'gpu'].map(of).join(', ')}; `
    + `${Math.round(median(took.slice(tenth, 2 * tenth)))} ms at first, ${Math.round(median(took.slice(-tenth)))} ms at last`);
}

/** Reads clips one after the other, as a visitor does who chooses them. */
async function inARow(browser, address, count, what) {
  const { context, page, errors } = await open(browser, address);
  const took = [];
  const measured = [];
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
    if (n % Math.ceil(count / MEASUREMENTS) === 0 || n === count - 1) measured.push(await memory(browser, page));
  }
  assert.deepEqual(errors, []);
  report(what, count, measured, took);
  await context.close();
  return measured;
}

const assertFlat = (measured, part) => {
  const [warm, last] = [measured[1][part], measured.at(-1)[part]];
  assert.ok(last <= 1.05 * warm, `${part}: ${mb(warm)} once warm, ${mb(last)} at the end`);
};

test('clips in a row on the processor take no more memory than the first', { timeout: 3_600_000, skip }, async () => {
  const browser = await launch();
  try {
    const measured = await inARow(browser, `${site.server.url}?backend=cpu`, CLIPS, 'clips in a row, voice on the processor');
    assertFlat(measured, 'engine');
  } finally {
    await browser.close();
  }
});

test('clips in a row on a graphics processor take no more memory than the first', { timeout: 3_600_000, skip }, async () => {
  const browser = await launch(SOFTWARE_GPU);
  try {
    const measured = await inARow(browser, `${site.server.url}?backend=webgpu`, GPU_CLIPS, 'clips in a row, voice on a graphics processor (software)');
    assertFlat(measured, 'engine');
    // A few clips do not warm it up.
    if (isLong) assertFlat(measured, 'gpu');
  } finally {
    await browser.close();
  }
});

test('the microphone is followed without growing memory or delay', { timeout: 7_200_000, skip }, async () => {
  const browser = await launch(fakeMicrophone(await speech()));
  try {
    const { context, page, errors } = await open(browser, `${site.server.url}?backend=cpu`, { permissions: ['microphone'] });
    await page.getByRole('button', { name: 'Follow live' }).click();
    const took = [];
    const measured = [];
    const start = performance.now();
    let previous = '';
    while (performance.now() - start < 1000 * LIVE_S) {
      await page.waitForTimeout(250);
      const text = await page.locator('#live-behind').textContent();
      const late = Number(text.match(/\d+/)?.[0]);
      if (text !== previous && late) took.push(late);
      previous = text;
      if (performance.now() - start > 1000 * LIVE_S / MEASUREMENTS * measured.length) measured.push(await memory(browser, page));
    }
    measured.push(await memory(browser, page));
    assert.deepEqual(errors, []);
    assert.ok(took.length > LIVE_S / 10, `${took.length} readings were shown`);
    const at = await page.locator('#moment').getAttribute('max');
    report(`the microphone followed for ${LIVE_S} s, ${Number(at) + 1} readings`, took.length, measured, took);
    assertFlat(measured, 'engine');
    await page.getByRole('button', { name: 'Stop' }).first().click();
    await context.close();
  } finally {
    await browser.close();
  }
});
