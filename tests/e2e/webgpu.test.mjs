// Networks on a GPU, here a software GPU: correct, but slow.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SOFTWARE_GPU, launch, open, openBlank, readingOf, useSite } from './support.mjs';

const site = useSite({ args: SOFTWARE_GPU });

/** Why the CPU has taken over. */
const note = (page) => page.locator('#backend');

/** Waits until the page says so. */
const shown = (page, text) => note(page).filter({ hasText: text }).waitFor({ state: 'visible' });

/** Reads a sample clip. */
async function read(page) {
  await page.locator('#meta').evaluate((meta) => { meta.textContent = ''; });
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  return readingOf(page, 'Woman, 25');
}

/** The address of a clip. */
const CLIP = 'www/samples/1028_MTI_SAD_XX.opus';

/** A page with a list of the files it requests, that runs a script first. */
async function openCounting(script = () => {}) {
  const context = await site.browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(script);
  const requests = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname.split('/').at(-1)));
  await page.goto(site.server.url);
  await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
  return { context, page, requests };
}

/** Runs in the browser. A software GPU is no reason to fetch the engine for GPUs; afterwards it claims to be none. */
const claimHardware = () => Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });

/** An engine that runs `mfcc1` on the GPU, whose worker has the engine's device for the test. */
async function openWithDevice() {
  const { context, page } = await site.open();
  page.on('worker', (worker) => worker.evaluate(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...wanted) {
      self.device = await request.apply(this, wanted);
      return self.device;
    };
  }));
  await page.evaluate(async (clip) => {
    const { Engine } = await import(new URL('www/api.js', document.baseURI).href);
    const blob = await (await fetch(clip)).blob();
    const engine = new Engine({ model: 'mfcc1', backend: 'webgpu' });
    globalThis.messages = [];
    engine.addEventListener('backend', ({ detail }) => globalThis.messages.push(detail.message));
    globalThis.readOn = async () => (await engine.analyze(blob)).report.backend;
  }, CLIP);
  const readOn = () => page.evaluate(() => globalThis.readOn());
  assert.equal(await readOn(), 'webgpu');
  return {
    context, readOn,
    /** Does something to the device. */
    inWorker: async (change) => {
      for (const worker of page.workers()) if (await worker.evaluate(() => Boolean(self.device))) await worker.evaluate(change);
    },
    messages: () => page.evaluate(() => globalThis.messages),
    /** Waits until it reads on the GPU again, which is tried when nothing is asked. */
    recovered: async () => {
      do await page.waitForTimeout(3000); while ((await readOn()) === 'cpu');
    },
  };
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

  // All models that ship are tested natively (tests/gpu.rs).
  test('gives the probabilities of the CPU, by every kind of classifier', { timeout: 300_000 }, async () => {
    const { context, page } = await site.open();
    for (const model of ['hubert-small', 'mfcc1', 'mfcc2', 'baseline']) {
      const [cpu, gpu] = await page.evaluate(async ({ model, clip }) => {
        const { Engine } = await import(new URL('www/api.js', document.baseURI).href);
        const reports = [];
        for (const backend of ['cpu', 'webgpu']) {
          const engine = new Engine({ model, backend });
          reports.push((await engine.analyze(await (await fetch(clip)).blob())).report);
          engine.close();
        }
        return reports;
      }, { model, clip: CLIP });
      assert.deepEqual([cpu.backend, gpu.backend], ['cpu', 'webgpu'], model);
      assert.equal(Object.keys(cpu.probabilities).length, 7);
      for (const [emotion, probability] of Object.entries(cpu.probabilities)) {
        const off = Math.abs(probability - gpu.probabilities[emotion]);
        assert.ok(off <= 1e-5, `${model}: ${emotion} is off by ${off}`);
      }
    }
    await context.close();
  });

  test('is tried after the first reading, once nothing is asked', async () => {
    const { context, page, requests } = await openCounting(claimHardware);
    await page.waitForTimeout(3000);
    assert.deepEqual(requests.filter((name) => name.includes('sottovoce_gpu')), []);
    assert.match((await read(page)).meta, /ms\.$/);
    await page.waitForRequest(/sottovoce_gpu\.wasm/);
    // A software one is too slow to be used.
    await page.waitForTimeout(8000);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await note(page).isHidden());
    await context.close();
  });

  test('is tried with the model that the worker has by then', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(claimHardware);
    // Workers start in a frame, in which this runs, too.
    await page.addInitScript(() => {
      const send = Worker.prototype.postMessage;
      globalThis.offered = new Promise((resolve) => {
        Worker.prototype.postMessage = function (message, ...rest) {
          if (message.type === 'gpu') resolve(JSON.parse(message.manifest).name);
          return send.call(this, message, ...rest);
        };
      });
    });
    await openBlank(page, site.server);
    let release;
    const isSwitched = new Promise((resolve) => { release = resolve; });
    await page.route('**/sottovoce_gpu.wasm', (route) => isSwitched.then(() => route.continue()));
    const fetching = page.waitForRequest(/sottovoce_gpu\.wasm/);
    await page.evaluate(async (clip) => {
      const { Engine } = await import(new URL('www/engine/engine.js', document.baseURI).href);
      const engine = globalThis.engine = new Engine('mfcc1');
      await engine.ask({ type: 'file', file: await (await fetch(clip)).blob() });
    }, CLIP);
    await fetching;
    await page.evaluate(() => globalThis.engine.use('baseline', () => {}));
    release();
    assert.equal(await page.evaluate(() => document.querySelector('iframe').contentWindow.offered), 'baseline');
    await context.close();
  });

  test('costs nothing where there is none but software', async () => {
    const { context, page, requests } = await openCounting();
    await read(page);
    await page.waitForTimeout(4000);
    assert.deepEqual(requests.filter((name) => name.includes('sottovoce_gpu')), []);
    await context.close();
  });

  test('is not used without timestamps, which burn would panic for', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    // Before anything else runs in the worker.
    await page.route('**/www/engine/worker.js', async (route) => {
      const response = await route.fetch();
      const withoutFeatures = "Object.defineProperty(GPUAdapter.prototype, 'features', { get: () => new Set() });\n";
      await route.fulfill({ response, body: withoutFeatures + await response.text() });
    });
    await page.goto(`${site.server.url}?backend=webgpu`);
    await shown(page, /Readings come from the processor.*timestamp-query/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
  });

  for (const [what, fault] of [
    ['an error that nothing catches', () => { self.device.createBuffer({ size: 16, usage: 0 }); }],
    ['a panic of the engine for it', () => { self.device.createBindGroup = () => { throw new Error('none left'); }; }],
  ]) {
    test(`gives way to the CPU after ${what}; no reading is lost`, async () => {
      const { context, readOn, inWorker, messages, recovered } = await openWithDevice();
      await inWorker(fault);
      assert.equal(await readOn(), 'cpu');
      assert.match((await messages()).join(), /stopped\. The processor went on in its place/);
      // A new device is tried.
      await recovered();
      await context.close();
    });
  }

  test('is tried once more when it stops, then no longer used; no reading is lost', async () => {
    const { context, readOn, inWorker, messages, recovered } = await openWithDevice();
    const stop = () => inWorker(() => self.device.destroy());
    await stop();
    assert.equal(await readOn(), 'cpu');
    await recovered();
    await stop();
    assert.equal(await readOn(), 'cpu');
    const [first, second, ...others] = await messages();
    assert.match(first, /it is tried once more/);
    assert.match(second, /^Readings come from the processor/);
    assert.deepEqual(others, []);
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    assert.equal(await readOn(), 'cpu');
    await context.close();
  });

  test('is reported missing only if it was requested', async () => {
    const plain = await launch();
    const { context, page } = await open(plain, site.server.url);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await note(page).isHidden());
    await page.goto(`${site.server.url}?backend=webgpu`);
    await shown(page, /Readings come from the processor.*no suitable graphics processor/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
    await plain.close();
  });
});
