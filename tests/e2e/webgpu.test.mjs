// Networks on a GPU, here a software GPU: correct, but slow.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SOFTWARE_GPU, launch, open, readingOf, useSite } from './support.mjs';

const site = useSite({ args: SOFTWARE_GPU });

/** Why the CPU has taken over. */
const note = (page) => page.locator('#backend');

/** Waits until the page says so. */
const shown = (page, text) => note(page).filter({ hasText: text }).waitFor({ state: 'visible' });

/** Waits until the page has said so at some time: once the GPU is used again, it no longer does. */
const wasShown = (page, text) => page.waitForFunction((text) => globalThis.notes.some((note) => note.includes(text)), text);

/** Reads a sample clip. */
async function read(page) {
  await page.locator('#meta').evaluate((meta) => { meta.textContent = ''; });
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  return readingOf(page, 'Woman, 25');
}

/** The addresses of some clips. */
const CLIPS = ['www/samples/1028_MTI_SAD_XX.opus', 'www/samples/1049_ITS_HAP_XX.opus'];

/** A page with a list of the files it requests. */
async function openCounting(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname.split('/').at(-1)));
  await page.goto(site.server.url);
  await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
  return { context, page, requests };
}

/** A page that runs everything on the GPU, whose worker has the engine's device for the test. */
async function openWithDevice() {
  const context = await site.browser.newContext();
  const page = await context.newPage();
  page.on('worker', (worker) => worker.evaluate(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...wanted) {
      self.device = await request.apply(this, wanted);
      return self.device;
    };
  }));
  await page.goto(`${site.server.url}?backend=webgpu`);
  await page.locator('#backend').evaluate((note) => {
    globalThis.notes = [];
    new MutationObserver(() => globalThis.notes.push(note.textContent)).observe(note, { childList: true });
  });
  await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
  return { context, page };
}

const shares = (reading) => Object.values(reading.shares).map(parseFloat);

describe('the graphics processor', () => {
  test('gives the same reading as the CPU', async () => {
    const onGpu = await open(site.browser, `${site.server.url}?backend=webgpu`);
    const other = await read(onGpu.page);
    assert.match(other.meta, /read by voice in \d+ ms on the graphics processor\.$/);
    assert.ok(await note(onGpu.page).isHidden());
    const onCpu = await open(site.browser, `${site.server.url}?backend=cpu`);
    const one = await read(onCpu.page);
    assert.match(one.meta, /read by voice in \d+ ms\.$/);
    const top = (reading) => shares(reading).indexOf(Math.max(...shares(reading)));
    assert.equal(top(other), top(one));
    shares(other).forEach((share, index) => {
      const off = Math.abs(share - shares(one)[index]);
      assert.ok(off < 1, `${share} and ${shares(one)[index]} %`);
    });
    assert.deepEqual([...onGpu.errors, ...onCpu.errors], []);
    await onGpu.context.close();
    await onCpu.context.close();
  });

  test('gives the probabilities of the CPU, by every model', { timeout: 240_000 }, async () => {
    const { context, page } = await site.open();
    for (const model of ['voice', 'hubert-small', 'wav2vec2-small', 'mfcc1', 'mfcc2', 'ms', 'baseline']) {
      const [cpu, gpu] = await page.evaluate(async ({ model, clips }) => {
        const { Engine } = await import(new URL('www/api.js', document.baseURI).href);
        const readings = [];
        for (const backend of ['cpu', 'webgpu']) {
          const engine = new Engine({ model, backend });
          const reports = [];
          for (const clip of clips) {
            const { report } = await engine.analyze(await (await fetch(clip)).blob());
            reports.push({ backend: report.backend, probabilities: Object.values(report.probabilities) });
          }
          engine.close();
          readings.push(reports);
        }
        return readings;
      }, { model, clips: CLIPS });
      cpu.forEach((reading, index) => {
        assert.deepEqual([reading.backend, gpu[index].backend], ['cpu', 'webgpu'], model);
        assert.equal(reading.probabilities.length, 7);
        reading.probabilities.forEach((probability, emotion) => {
          const off = Math.abs(probability - gpu[index].probabilities[emotion]);
          assert.ok(off <= 1e-5, `${model}: ${CLIPS[index]} is off by ${off}`);
        });
      });
    }
    await context.close();
  });

  test('is tried after the first reading, once nothing is asked', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const requests = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname.split('/').at(-1)));
    // A software one is no reason to fetch the engine for it, so this one claims to be real.
    await page.addInitScript(() => {
      Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
    });
    await page.goto(site.server.url);
    await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
    await page.waitForTimeout(3000);
    assert.deepEqual(requests.filter((name) => name.includes('gpu')), []);
    assert.match((await read(page)).meta, /ms\.$/);
    await page.waitForRequest(/sottovoce_gpu\.wasm/);
    // A software one is too slow to be used.
    await page.waitForTimeout(8000);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await note(page).isHidden());
    await context.close();
  });

  test('costs nothing where there is none but software', async () => {
    const { context, page, requests } = await openCounting(site.browser);
    await read(page);
    await page.waitForTimeout(4000);
    assert.deepEqual(requests.filter((name) => name.includes('sottovoce_gpu')), []);
    await context.close();
  });

  test('is not used without timestamps, which burn would panic for', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    page.on('worker', (worker) => worker.evaluate(() => {
      Object.defineProperty(GPUAdapter.prototype, 'features', { get: () => new Set() });
    }));
    await page.goto(`${site.server.url}?backend=webgpu`);
    await shown(page, /Readings come from the processor.*timestamp-query/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
  });

  for (const [what, fault] of [
    ['an error that nothing catches', () => self.device.createBuffer({ size: 16, usage: 0 })],
    ['a panic of the engine for it', () => { self.device.createBindGroup = () => { throw new Error('none left'); }; }],
  ]) {
    test(`gives way to the CPU after ${what}; no reading is lost`, async () => {
      const { context, page } = await openWithDevice();
      assert.match((await read(page)).meta, /graphics processor/);
      await page.workers()[0].evaluate(fault);
      await read(page);
      await wasShown(page, 'stopped. The processor went on in its place');
      // A new device is tried.
      while (!(await read(page)).meta.includes('graphics processor'));
      await context.close();
    });
  }

  test('is tried once more when it stops, then no longer used; no reading is lost', async () => {
    const { context, page } = await openWithDevice();
    assert.match((await read(page)).meta, /graphics processor/);
    const stop = () => page.workers()[0].evaluate(() => self.device.destroy());
    await stop();
    await read(page);
    await wasShown(page, 'stopped. The processor went on in its place');
    // The CPU is used until the GPU is set up again. After one more reading the engine has warmed up, too.
    while (!(await read(page)).meta.includes('graphics processor'));
    assert.match((await read(page)).meta, /graphics processor/);
    await stop();
    await read(page);
    await shown(page, /Readings come from the processor/);
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await context.close();
  });

  test('is reported missing only if it was requested', async () => {
    const plain = await launch();
    const { context, page } = await open(plain, site.server.url);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await note(page).isHidden());
    await page.goto(`${site.server.url}?backend=webgpu`);
    await shown(page, /Readings come from the processor.*no graphics processor/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
    await plain.close();
  });
});
