// Speech encoders on the graphics processor, here one in software: right, but slow.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SOFTWARE_GPU, launch, open, readingOf, serve } from './support.mjs';

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await launch(SOFTWARE_GPU);
});

after(async () => {
  await browser.close();
  await server.close();
});

const problem = (page) => page.locator('#problem');

/** Waits until the page says so. */
const told = (page, text) => problem(page).filter({ hasText: text }).waitFor({ state: 'visible' });

/** Reads a sample clip. */
async function read(page) {
  await page.locator('#meta').evaluate((meta) => { meta.textContent = ''; });
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  return readingOf(page, 'Woman, 25');
}

const shares = (reading) => Object.values(reading.shares).map(parseFloat);

describe('the graphics processor', () => {
  test('gives the reading that the processor gives', async () => {
    const onGpu = await open(browser, `${server.url}?backend=webgpu`);
    const other = await read(onGpu.page);
    assert.match(other.meta, /read by voice in \d+ ms on the graphics processor\.$/);
    assert.ok(await problem(onGpu.page).isHidden());
    const onCpu = await open(browser, `${server.url}?backend=cpu`);
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

  test('is tried beside the processor without a word, and the page reads meanwhile', async () => {
    const { context, page, errors } = await open(browser, server.url);
    const tried = page.evaluate(() => new Promise((resolve) => {
      // The engine's own listener stays; this one hears the same.
      const { prototype } = document.querySelector('iframe').contentWindow.Worker;
      const add = prototype.postMessage;
      prototype.postMessage = function (...message) {
        this.addEventListener('message', ({ data }) => { if (data.type === 'backend') resolve(data); });
        return add.apply(this, message);
      };
    }));
    await read(page);
    const { backend, reason } = await tried;
    assert.ok(['cpu', 'webgpu'].includes(backend));
    assert.equal(reason, undefined);
    assert.ok(await problem(page).isHidden());
    const { meta } = await read(page);
    assert.equal(meta.endsWith('on the graphics processor.'), backend === 'webgpu');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('is tried once more when it stops, then left alone; nothing is lost', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    // A test has no other way to the device that the engine uses.
    page.on('worker', (worker) => worker.evaluate(() => {
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...wanted) {
        self.device = await request.apply(this, wanted);
        return self.device;
      };
    }));
    await page.goto(`${server.url}?backend=webgpu`);
    await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
    assert.match((await read(page)).meta, /graphics processor/);
    const stop = () => page.workers()[0].evaluate(() => self.device.destroy());
    await stop();
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await told(page, /stopped\. The processor went on in its place/);
    // Another worker reads until it is set up again. After one more reading the engine has warmed up, too.
    while (!(await read(page)).meta.includes('graphics processor'));
    assert.match((await read(page)).meta, /graphics processor/);
    await stop();
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await told(page, /Readings come from the processor/);
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await context.close();
  });

  test('is not missed where there is none, unless it was asked for', async () => {
    const plain = await launch();
    const { context, page } = await open(plain, server.url);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await problem(page).isHidden());
    await page.goto(`${server.url}?backend=webgpu`);
    await told(page, /Readings come from the processor.*no graphics processor/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
    await plain.close();
  });
});
