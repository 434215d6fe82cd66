// What hears voices can connect nowhere, and the page to no other site: tried, in Chromium and Firefox.

import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chosenModel, dist, launch, launchFirefox, serve } from './support.mjs';

/** The page, with workers that try to get out when asked. */
let folder;
let site;
let elsewhere;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
  await cp(dist, folder, { recursive: true });
  for (const script of ['worker.js', 'long-worker.js']) {
    await appendFile(join(folder, 'www/engine', script), `
      const channel = new BroadcastChannel('escape');
      channel.onmessage = async ({ data }) => data.urls && channel.postMessage({ escaped: await (${tryAll})(data.urls) });`);
  }
  await writeFile(join(folder, 'target.js'), '');
  site = await serve(folder);
  elsewhere = await serve(folder, '/');
});

after(async () => {
  await Promise.all([site.close(), elsewhere.close()]);
  await rm(folder, { recursive: true });
});

/** Runs in the browser: the ways by which some address could be reached, of those that succeed. */
async function tryAll(urls) {
  const settled = (target, good) => new Promise((resolve, reject) => {
    target[good] = resolve;
    target.onerror = reject;
    setTimeout(reject, 3000);
  });
  const ways = {
    fetch: (url) => fetch(url, { mode: 'no-cors' }),
    post: (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: 'heard' }),
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
    ways.beacon = (url) => { if (!navigator.sendBeacon(url, 'heard')) throw new Error('refused'); };
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

/** What the workers that run could reach. */
const fromWorker = (page, urls) => page.evaluate((urls) => new Promise((resolve) => {
  const channel = new BroadcastChannel('escape');
  channel.onmessage = ({ data }) => data.escaped && resolve(data.escaped);
  channel.postMessage({ urls });
}), urls);

async function stayIn(page) {
  await page.goto(site.url);
  await chosenModel(page);
  // A file that is there to be found, and that nobody else asks for.
  const [here, there] = [site, elsewhere].map(({ url }) => `${url}target.js`);
  assert.deepEqual(await fromWorker(page, [here, there]), []);
  assert.deepEqual(site.asked.filter((path) => path.endsWith('target.js')), [], 'a worker reached the site');
  const ways = await page.evaluate(`(${tryAll})(${JSON.stringify([there])})`);
  // Taken by the page's own script element or call, and stopped by the policy: what counts is that nothing arrives.
  const quiet = ['beacon', 'script'];
  assert.deepEqual(ways.filter((way) => !quiet.includes(way.split(' ')[0])), []);
  assert.deepEqual(elsewhere.asked, [], 'something arrived elsewhere');
}

test('nothing gets out in Chromium', async () => {
  const browser = await launch();
  try {
    await stayIn(await browser.newPage());
  } finally {
    await browser.close();
  }
});

test('nothing gets out in Firefox', async () => {
  const browser = await launchFirefox();
  try {
    await stayIn(await browser.newPage());
  } finally {
    await browser.close();
  }
});

test('text does not become code in the page', async () => {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
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
  } finally {
    await browser.close();
  }
});

test('a script that is not the one that was built does not run', async () => {
  const browser = await launch();
  try {
    const page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage();
    const refused = [];
    page.on('console', (message) => { if (message.type() === 'error') refused.push(message.text()); });
    await page.route('**/www/page/words.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${await response.text()}\n// changed on the way` });
    });
    await page.goto(site.url);
    await page.waitForTimeout(1000);
    assert.ok(refused.some((text) => /integrity/.test(text)), refused.join('; '));
    assert.equal(await page.locator('#bars li').count(), 0);
  } finally {
    await browser.close();
  }
});
