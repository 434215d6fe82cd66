// The workers can connect nowhere, and the page to no other site, in Chromium and Firefox.

import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chosenModel, launchFirefox, serve, useSite } from './support.mjs';

const site = useSite({ isCopy: true });
let elsewhere;

// Adds to the workers a message that makes them try to connect.
before(async () => {
  await site.start();
  for (const script of ['worker.js', 'long-worker.js']) {
    await appendFile(join(site.folder, 'www/engine', script), `
      const channel = new BroadcastChannel('escape');
      channel.onmessage = async ({ data }) => data.urls && channel.postMessage({ escaped: await (${tryAll})(data.urls) });`);
  }
  await writeFile(join(site.folder, 'target.js'), '');
  elsewhere = await serve(site.folder, '/');
});

after(() => elsewhere.close());

/** Runs in the browser: tries all ways to reach addresses, and returns those that succeed. */
async function tryAll(urls) {
  const settled = (target, good) => new Promise((resolve, reject) => {
    target[good] = resolve;
    target.onerror = reject;
    setTimeout(reject, 3000);
  });
  const ways = {
    fetch: (url) => fetch(url, { mode: 'no-cors' }),
    post: (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: 'audio' }),
    XMLHttpRequest: (url) => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.onload = resolve;
      request.onerror = reject;
      request.open('GET', url);
      request.send();
    }),
    WebSocket: (url) => settled(new WebSocket(url.replace('http', 'ws')), 'onopen'),
    EventSource: (url) => settled(new EventSource(url), 'onopen'),
    import: (url) => import(url),
    cache: async (url) => (await caches.open('escape')).add(url),
  };
  if (globalThis.document) {
    ways.image = (url) => { const image = new Image(); image.src = url; return settled(image, 'onload'); };
    ways.beacon = (url) => { if (!navigator.sendBeacon(url, 'audio')) throw new Error('refused'); };
    ways.frame = (url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
      return new Promise((resolve, reject) => setTimeout(reject, 500));
    };
    ways.script = (url) => { const script = document.createElement('script'); script.src = url; document.body.append(script); };
  } else {
    ways.Worker = (url) => settled(new Worker(url), 'onmessage');
  }
  const escaped = [];
  for (const url of urls) {
    for (const [way, go] of Object.entries(ways)) {
      try {
        await go(`${url}?escaped=${way}`);
        escaped.push(`${way} ${url}`);
      } catch {
        // As it should be.
      }
    }
  }
  return escaped;
}

/** The ways that succeed from a worker. */
const fromWorker = (page, urls) => page.evaluate((urls) => new Promise((resolve) => {
  const channel = new BroadcastChannel('escape');
  channel.onmessage = ({ data }) => data.escaped && resolve(data.escaped);
  channel.postMessage({ urls });
}), urls);

async function assertSealed(page) {
  await page.goto(site.server.url);
  await chosenModel(page);
  // A file that exists, and that nothing else requests.
  const [here, there] = [site.server, elsewhere].map(({ url }) => `${url}target.js`);
  assert.deepEqual(await fromWorker(page, [here, there]), []);
  assert.deepEqual(site.server.requests.filter((path) => path.endsWith('target.js')), [], 'a worker reached the site');
  const ways = await page.evaluate(`(${tryAll})(${JSON.stringify([there])})`);
  // The policy blocks these without an error: what counts is that no request arrives.
  const quiet = ['beacon', 'script'];
  assert.deepEqual(ways.filter((way) => !quiet.includes(way.split(' ')[0])), []);
  assert.deepEqual(elsewhere.requests, [], 'a request arrived elsewhere');
}

test('no request leaves Chromium', async () => {
  const page = await site.browser.newPage();
  await assertSealed(page);
  await page.close();
});

test('no request leaves Firefox', async () => {
  const browser = await launchFirefox();
  try {
    await assertSealed(await browser.newPage());
  } finally {
    await browser.close();
  }
});

test('text does not become code in the page', async () => {
  const page = await site.browser.newPage();
  await page.goto(site.server.url);
  await chosenModel(page);
  const refused = await page.evaluate(() => {
    const tries = {
      innerHTML: () => { document.body.innerHTML = '<p>'; },
      script: () => { document.createElement('script').text = '1'; },
      worker: () => new Worker('www/engine/worker.js'),
      policy: () => globalThis.trustedTypes.createPolicy('other', {}),
    };
    return Object.keys(tries).filter((name) => {
      try {
        tries[name]();
        return false;
      } catch {
        return true;
      }
    });
  });
  assert.deepEqual(refused, ['innerHTML', 'script', 'worker', 'policy']);
  await page.close();
});

test('a script that is not the one that was built does not run', async () => {
  const page = await (await site.browser.newContext({ serviceWorkers: 'block' })).newPage();
  const refused = [];
  page.on('console', (message) => { if (message.type() === 'error') refused.push(message.text()); });
  await page.route('**/www/bundles/shared.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\n// changed on the way` });
  });
  await page.goto(site.server.url);
  await page.waitForTimeout(1000);
  assert.ok(refused.some((text) => /integrity/.test(text)), refused.join('; '));
  assert.equal(await page.locator('#bars li').count(), 0);
  await page.close();
});
