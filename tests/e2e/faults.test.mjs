// Faults around the page: broken connections, full stores, unplugged microphones, frozen tabs. Crashed workers are in
// page.test.mjs, lost GPUs in webgpu.test.mjs, newer versions in offline.test.mjs.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseModel, chosenModel, dist, fakeMicrophone, longRecording, reading, readingOf, useSite } from './support.mjs';

const site = useSite({ args: fakeMicrophone() });

/** The site behind a connection that breaks in the middle of `voice`'s files, so many times, and then, if `dead`, before the first
 * byte. */
async function unsteady({ breaks, hasRanges = true, dead = false }) {
  const ranges = [];
  let left = breaks;
  const server = createServer(async (request, response) => {
    if (!/models\/voice\/.*safetensors$/.test(request.url)) {
      const answer = await fetch(new URL(request.url, site.server.url));
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      return response.end(Buffer.from(await answer.arrayBuffer()));
    }
    const whole = await readFile(join(dist, request.url.replace('/any/path/', '')));
    const from = hasRanges ? Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0) : 0;
    ranges.push(request.headers.range);
    if (dead && left <= 0) return request.socket.destroy();
    response.writeHead(from ? 206 : 200, { 'content-length': whole.length - from });
    if (left-- <= 0) return response.end(whole.subarray(from));
    response.write(whole.subarray(from, from + Math.ceil((whole.length - from) / 2)), () => setTimeout(() => request.socket.destroy(), 100));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ranges,
    url: `http://127.0.0.1:${server.address().port}/any/path/`,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

async function reads(server) {
  const context = await site.browser.newContext({ serviceWorkers: 'block' });
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

test('a download resumes where the connection broke', async () => {
  const server = await unsteady({ breaks: 3 });
  try {
    await reads(server);
    const resumed = server.ranges.filter((range) => range !== undefined);
    assert.equal(resumed.length, 3, `requested ${server.ranges}`);
    assert.ok(resumed.every((range) => Number(range.match(/\d+/)) > 0));
  } finally {
    await server.close();
  }
});

test('a download starts again where the server does not support ranges', async () => {
  const server = await unsteady({ breaks: 2, hasRanges: false });
  try {
    await reads(server);
  } finally {
    await server.close();
  }
});

test('a connection that stays broken is reported', async () => {
  const server = await unsteady({ breaks: 2, dead: true });
  const context = await site.browser.newContext({ serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.locator('#problem').filter({ hasText: /could not be loaded\. Check the connection and try again/ }).waitFor({ timeout: 60_000 });
    // A small model is used meanwhile.
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.match((await readingOf(page, 'Woman, 35')).meta, /read by mfcc1 in/);
  } finally {
    await context.close();
    await server.close();
  }
});

test('a full store costs the next visit some time, and nothing else', async () => {
  const { context, page, errors } = await site.open();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.server.url).origin, quotaSize: 1000 });
  await chooseModel(page, 'mfcc2');
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
  const { context, page: first, errors } = await site.open();
  const second = await context.newPage();
  await second.goto(site.server.url);
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

test('an unplugged microphone ends the recording, and what was recorded is read', async () => {
  const { context, page, errors } = await site.open({ permissions: ['microphone'] });
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

test('a frozen tab continues with a recording when it is active again', async () => {
  // Only the test reads the state of the player.
  const { context, page, errors } = await site.open({ bypassCSP: true });
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
  const { context, page, errors } = await site.open();
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
