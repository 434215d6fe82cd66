// What goes wrong around the page: connections that break off, stores without room, microphones that are pulled out, tabs that
// are put to sleep. Workers that die are in page.test.mjs, graphics processors that vanish in webgpu.test.mjs, newer versions in
// offline.test.mjs.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chosenModel, dist, launch, longRecording, open, reading, readingOf, serve } from './support.mjs';

let browser;
let site;

before(async () => {
  browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  site = await serve();
});

after(async () => {
  await browser.close();
  await site.close();
});

/** The site behind a connection that breaks off in the middle of what is asked for of `voice`, as often as `breaks` says, and
 * then, if it is `dead`, before anything comes. */
async function unsteady({ breaks, ranges = true, dead = false }) {
  const asked = [];
  let left = breaks;
  const server = createServer(async (request, response) => {
    if (!/models\/voice\/.*safetensors$/.test(request.url)) {
      const answer = await fetch(new URL(request.url, site.url));
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      return response.end(Buffer.from(await answer.arrayBuffer()));
    }
    const whole = await readFile(join(dist, request.url.replace('/any/path/', '')));
    const from = ranges ? Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0) : 0;
    asked.push(request.headers.range);
    if (dead && left <= 0) return request.socket.destroy();
    response.writeHead(from ? 206 : 200, { 'content-length': whole.length - from });
    if (left-- <= 0) return response.end(whole.subarray(from));
    response.write(whole.subarray(from, from + Math.ceil((whole.length - from) / 2)), () => setTimeout(() => request.socket.destroy(), 100));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${server.address().port}/any/path/`,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

async function reads(server) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(server.url);
  await chosenModel(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  const { meta } = await readingOf(page, 'Woman, 35');
  assert.match(meta, /read by voice in/);
  assert.deepEqual(errors, []);
  await context.close();
}

test('a model goes on loading where the connection broke off', async () => {
  const server = await unsteady({ breaks: 3 });
  try {
    await reads(server);
    const rests = server.asked.filter((range) => range !== undefined);
    assert.equal(rests.length, 3, `asked for ${server.asked}`);
    assert.ok(rests.every((range) => Number(range.match(/\d+/)) > 0));
  } finally {
    await server.close();
  }
});

test('it begins anew where the server knows no ranges', async () => {
  const server = await unsteady({ breaks: 2, ranges: false });
  try {
    await reads(server);
  } finally {
    await server.close();
  }
});

test('it is told when nothing more comes', async () => {
  const server = await unsteady({ breaks: 2, dead: true });
  const context = await browser.newContext({ serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.locator('#problem').filter({ hasText: /could not be loaded\. Check the connection and try again/ }).waitFor({ timeout: 60_000 });
    // A small model answers meanwhile.
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.match((await readingOf(page, 'Woman, 35')).meta, /read by mfcc1 in/);
  } finally {
    await context.close();
    await server.close();
  }
});

test('a store without room costs the next visit some time, and nothing else', async () => {
  const { context, page, errors } = await open(browser, site.url);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize: 1000 });
  await page.getByLabel('Model', { exact: true }).selectOption('mfcc2');
  await chosenModel(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  assert.match((await readingOf(page, 'Woman, 35')).meta, /read by mfcc2 in/);
  const kept = await page.evaluate(async () => {
    const cache = await caches.open('sottovoce-models');
    return (await cache.keys()).map(({ url }) => url).filter((url) => url.includes('/mfcc2/'));
  });
  assert.deepEqual(kept, [], 'there was no room for it');
  assert.deepEqual(errors, []);
  await context.close();
});

test('two tabs read at once, each its own', async () => {
  const { context, page: first, errors } = await open(browser, site.url);
  const second = await context.newPage();
  await second.goto(site.url);
  await chosenModel(second);
  const alone = {};
  for (const name of ['Woman, 35', 'Man, 33']) {
    await first.getByRole('button', { name }).click();
    alone[name] = (await readingOf(first, name)).shares;
  }
  await Promise.all([first.getByRole('button', { name: 'Woman, 35' }).click(), second.getByRole('button', { name: 'Man, 33' }).click()]);
  await Promise.all([readingOf(first, 'Woman, 35'), readingOf(second, 'Man, 33')]);
  assert.deepEqual((await reading(first)).shares, alone['Woman, 35']);
  assert.deepEqual((await reading(second)).shares, alone['Man, 33']);
  assert.deepEqual(errors, []);
  await context.close();
});

test('a microphone that is pulled out ends the recording, and what was heard is read', async () => {
  const { context, page, errors } = await open(browser, site.url, { permissions: ['microphone'] });
  await page.evaluate(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      // As a track does whose device is gone.
      setTimeout(() => {
        const [track] = stream.getAudioTracks();
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }, 1500);
      return stream;
    };
  });
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  const { meta } = await readingOf(page, 'Your recording');
  const seconds = Number(meta.match(/of ([\d.]+) s/)?.[1]);
  assert.ok(seconds > 0.5 && seconds < 2.5, meta);
  await page.getByRole('button', { name: 'Record', exact: true }).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test('a tab that is put to sleep goes on with a recording when it wakes', async () => {
  // Only the test looks into the player.
  const { context, page, errors } = await open(browser, site.url, { bypassCSP: true });
  const recording = await longRecording(page, 40, 0.5);
  await page.setInputFiles('#file', recording);
  await page.getByRole('button', { name: /^Follow all/ }).click();
  const moments = () => page.evaluate(() => Number(document.querySelector('#moment').max));
  await page.waitForFunction(() => Number(document.querySelector('#moment').max) > 3);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await page.locator('#timeline-summary').filter({ hasText: 'with speech' }).waitFor({ timeout: 60_000 });
  assert.ok(await moments() >= Math.floor((recording.seconds - 4) / 2), `${await moments()} moments of ${recording.seconds} s`);
  assert.deepEqual(errors, []);
  await context.close();
});

test('a clock that jumps changes nothing', async () => {
  const { context, page, errors } = await open(browser, site.url);
  const jump = (ms) => page.evaluate((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
  }, ms);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  const before = (await readingOf(page, 'Woman, 35')).shares;
  for (const ms of [-86_400_000, 400 * 86_400_000]) {
    await jump(ms);
    await page.getByRole('button', { name: 'Man, 33' }).click();
    await readingOf(page, 'Man, 33');
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.deepEqual((await readingOf(page, 'Woman, 35')).shares, before);
  }
  assert.deepEqual(errors, []);
  await context.close();
});
