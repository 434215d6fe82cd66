// Speech encoders on a GPU, here a software GPU: correct, but slow.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SOFTWARE_GPU, launch, open, readingOf, useSite } from './support.mjs';

const site = useSite({ args: SOFTWARE_GPU });

const problem = (page) => page.locator('#problem');

/** Waits until the page shows a problem. */
const shown = (page, text) => problem(page).filter({ hasText: text }).waitFor({ state: 'visible' });

/** Reads a sample clip. */
async function read(page) {
  await page.locator('#meta').evaluate((meta) => { meta.textContent = ''; });
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  return readingOf(page, 'Woman, 25');
}

const shares = (reading) => Object.values(reading.shares).map(parseFloat);

describe('the graphics processor', () => {
  test('gives the same reading as the CPU', async () => {
    const onGpu = await open(site.browser, `${site.server.url}?backend=webgpu`);
    const other = await read(onGpu.page);
    assert.match(other.meta, /read by voice in \d+ ms on the graphics processor\.$/);
    assert.ok(await problem(onGpu.page).isHidden());
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

  test('is tried in the background, while the page reads on the CPU', async () => {
    const { context, page, errors } = await site.open();
    const tried = page.evaluate(() => new Promise((resolve) => {
      // A second listener, next to the engine's own.
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

  test('is tried once more when it stops, then no longer used; no reading is lost', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    // Gives the test access to the engine's device.
    page.on('worker', (worker) => worker.evaluate(() => {
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...wanted) {
        self.device = await request.apply(this, wanted);
        return self.device;
      };
    }));
    await page.goto(`${site.server.url}?backend=webgpu`);
    await page.waitForFunction(() => document.documentElement.dataset.model === 'voice');
    assert.match((await read(page)).meta, /graphics processor/);
    const stop = () => page.workers()[0].evaluate(() => self.device.destroy());
    // The trace may be read moment by moment meanwhile: the next click clears what that reports.
    const shownOnce = shown(page, /stopped\. The processor went on in its place/);
    await stop();
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await shownOnce;
    // The CPU is used until the GPU is set up again. After one more reading the engine has warmed up, too.
    while (!(await read(page)).meta.includes('graphics processor'));
    assert.match((await read(page)).meta, /graphics processor/);
    const shownAgain = shown(page, /Readings come from the processor/);
    await stop();
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await shownAgain;
    assert.doesNotMatch((await read(page)).meta, /graphics processor/);
    await context.close();
  });

  test('is reported missing only if it was requested', async () => {
    const plain = await launch();
    const { context, page } = await open(plain, site.server.url);
    assert.match((await read(page)).meta, /ms\.$/);
    assert.ok(await problem(page).isHidden());
    await page.goto(`${site.server.url}?backend=webgpu`);
    await shown(page, /Readings come from the processor.*no graphics processor/);
    assert.match((await read(page)).meta, /ms\.$/);
    await context.close();
    await plain.close();
  });
});
