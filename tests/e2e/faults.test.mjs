// What goes wrong around the page: connections that break off.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chosenModel, dist, launch, readingOf, serve } from './support.mjs';

let browser;
let site;

before(async () => {
  browser = await launch();
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
