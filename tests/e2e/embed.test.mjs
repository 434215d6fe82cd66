// The element and the frame, in the example pages, on another site than the engine's.

import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertAccessible, collectErrors, fakeMicrophone, launchFirefox, root, sample, serve, useSite, useTemporaryFolder } from './support.mjs';

const site = useSite({ args: fakeMicrophone() });
const folder = useTemporaryFolder();
let host;

before(async () => {
  await site.start();
  // The examples as somebody copies them to their own site.
  for (const name of await readdir(join(root, 'www/examples'))) {
    const text = await readFile(join(root, 'www/examples', name), 'utf8');
    await writeFile(join(folder.path, name), text.replaceAll('"../embed/', `"${site.server.url}www/embed/`));
  }
  host = await serve(folder.path, '/');
});

after(() => host.close());

async function visit(example, options = {}) {
  const context = await site.browser.newContext({ serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(`${host.url}${example}`);
  return { context, page, errors };
}

const output = (page) => page.locator('#said');

/** The button of the second element's microphone, in its frame. */
const recorder = (page) => page.frameLocator('#second iframe').getByRole('button');

/** Starts to record, as a person does who has seen the button. */
async function record(page) {
  await recorder(page).filter({ hasText: 'Record' }).waitFor();
  await page.locator('#second').scrollIntoViewIfNeeded();
  await page.waitForTimeout(1000);
  await recorder(page).click();
  await recorder(page).filter({ hasText: 'Stop' }).waitFor();
}

test('the element reads a sample clip, shows the reading and dispatches an event', async () => {
  const { context, page, errors } = await visit('element.html');
  const first = page.locator('#first');
  await first.getByRole('button', { name: /^Woman, 35/ }).click();
  await output(page).filter({ hasText: /\(first, (likely|leaning|unsure)\)$/ }).waitFor();
  assert.match(await first.locator('.headline').textContent(), /^(Sounds|Perhaps|Hard to tell)/);
  assert.match(await first.locator('.explained').textContent(), /The actor was asked for: angry\./);
  assert.equal(await first.locator('.bar').count(), 7);
  assert.match(await first.locator('.notice').textContent(), /forbidden to infer the emotions of pupils/);
  // Sample clips by default, and a microphone only where it is wanted.
  assert.equal(await first.locator('iframe').count(), 0);
  await recorder(page).filter({ hasText: 'Record' }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(errors, []);
  await context.close();
});

test('elements of one page share one engine', async () => {
  const before = site.server.requests.filter((path) => path.endsWith('.wasm')).length;
  const { context, page } = await visit('element.html');
  await page.evaluate(() => Promise.all([...document.querySelectorAll('speech-emotion')].map((element) =>
    element.analyze({ samples: new Float32Array(48_000).map((_, i) => Math.sin(i / 20) / 2), rate_hz: 16_000 }))));
  assert.equal(page.frames().filter((frame) => frame.url().includes('/embed/engine.html')).length, 1);
  assert.equal(site.server.requests.filter((path) => path.endsWith('.wasm')).length - before, 1);
  await context.close();
});

test('the microphone is recorded in the frame, and the embedding page gets only the reading', async () => {
  const { context, page } = await visit('element.html', { permissions: ['microphone'] });
  await page.evaluate(() => {
    globalThis.messages = [];
    addEventListener('message', ({ data }) => globalThis.messages.push(data));
  });
  await record(page);
  await output(page).filter({ hasText: '(second,' }).waitFor();
  await recorder(page).filter({ hasText: 'Record' }).waitFor();
  assert.match(await page.locator('#second .headline').textContent(), /^(Sounds|Perhaps|Hard to tell|No speech)/);
  const { levels, sound } = await page.evaluate(() => ({
    levels: globalThis.messages.filter(({ level }) => level > 0).length,
    sound: globalThis.messages.some((data) => JSON.stringify(data).length > 20_000 || Object.values(data).some((v) => ArrayBuffer.isView(v))),
  }));
  assert.ok(levels > 5, `${levels} levels were reported`);
  assert.equal(sound, false);
  await context.close();
});

test('a recording continues when another file fails meanwhile', async () => {
  const { context, page } = await visit('element.html', { permissions: ['microphone'] });
  await record(page);
  await page.evaluate(() => document.querySelector('#first').analyze(new Blob(['This is no sound.'])).catch(() => {}));
  await output(page).filter({ hasText: '(second,' }).waitFor();
  await context.close();
});

test('a file that cannot be read dispatches an error event, in words', async () => {
  const { context, page } = await visit('element.html');
  const code = await page.evaluate(async () => {
    const element = document.querySelector('#first');
    const dispatched = new Promise((resolve) => { element.addEventListener('error', ({ detail }) => resolve(detail)); });
    element.analyze(new Blob(['This is no sound.'])).catch(() => {});
    return (await dispatched).code;
  });
  assert.equal(code, 'unknown-format');
  await output(page).filter({ hasText: 'does not look like an audio file' }).waitFor();
  const refused = await page.evaluate(() => document.querySelector('#first').analyze('nothing').catch(({ code, message }) => `${code}: ${message}`));
  assert.match(refused, /^no-audio: This is no sound: give a Blob/);
  await page.evaluate(() => { document.querySelector('#first').setAttribute('model', 'other'); });
  const model = await page.evaluate(() => document.querySelector('#first').analyze(new Blob(['x'])).catch(({ message }) => message));
  assert.match(model, /There is no model “other” here\. Choose one of these: voice, hubert-small/);
  await context.close();
});

test('the element takes its language from an attribute, and its style from the page', async () => {
  const { context, page } = await visit('element.html');
  await page.evaluate(() => {
    const element = document.createElement('speech-emotion');
    element.lang = 'de';
    element.id = 'third';
    document.body.append(element);
  });
  await page.locator('#third').getByText('Noch keine Stimme').waitFor();
  assert.equal(await page.locator('#first .headline').textContent(), 'No voice yet');
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#second').shadowRoot.querySelector('.headline')).fontVariantCaps), 'small-caps');
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#second')).fontFamily), 'Georgia, serif');
  await context.close();
});

test('the frame reads a sample clip, and a file from the embedding page', async () => {
  const { context, page, errors } = await visit('iframe.html');
  const frame = page.frameLocator('#frame');
  await frame.getByRole('button', { name: /^Woman, 25/ }).click();
  await output(page).filter({ hasText: /^(Sounds|Perhaps|Hard to tell)/ }).waitFor();
  await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
  await output(page).filter({ hasText: /^Your file: / }).waitFor();
  assert.equal(await output(page).textContent(), `Your file: ${await frame.locator('.headline').textContent()}`);
  assert.deepEqual(errors, []);
  await context.close();
});

for (const [name, address] of [['the frame', 'index.html?model=mfcc1'], ['the page itself', '../../index.html'], ['the lesson', '../../lesson.html']]) {
  test(`${name} explains that it cannot run in a sandbox without an origin`, async () => {
    const { context, page } = await visit('iframe.html');
    const message = await page.evaluate(async (src) => {
      const frame = document.createElement('iframe');
      frame.id = 'sandboxed';
      frame.sandbox = 'allow-scripts';
      const received = new Promise((resolve) => {
        addEventListener('message', ({ data, source }) => { if (source === frame.contentWindow) resolve(data); });
      });
      frame.src = src;
      document.body.append(frame);
      return received;
    }, `${site.server.url}www/embed/${address}`);
    assert.equal(message.detail.code, 'sandboxed');
    const main = page.frameLocator('#sandboxed').getByRole('main');
    await main.filter({ hasText: 'allow it with <iframe sandbox="allow-scripts allow-same-origin">' }).waitFor();
    assert.equal(message.detail.message, await main.textContent());
    // It must be painted, too, not only be in the document.
    const picture = await page.locator('#sandboxed').screenshot();
    assert.ok(picture.length > 3_000, `a blank frame of ${picture.length} bytes`);
    assert.equal(await page.frameLocator('#sandboxed').getByRole('button').count(), 0);
    await context.close();
  });
}

test('the sandboxed frame speaks the requested language, and works once it has an origin', async () => {
  const { context, page, errors } = await visit('iframe.html');
  const add = (sandbox, parameters) => page.evaluate(([sandbox, src]) => {
    const frame = document.createElement('iframe');
    frame.id = 'sandboxed';
    frame.setAttribute('sandbox', sandbox);
    frame.src = src;
    document.querySelector('#sandboxed')?.remove();
    document.body.append(frame);
  }, [sandbox, `${site.server.url}www/embed/index.html?model=mfcc1${parameters}`]);
  const frame = page.frameLocator('#sandboxed');
  await add('allow-scripts', '&lang=de');
  await frame.getByText('In diesem Rahmen').waitFor();
  errors.length = 0;
  await add('allow-scripts allow-same-origin', '');
  await frame.getByRole('button', { name: /^Woman, 25/ }).click();
  await frame.getByText(/The actor was asked for/).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test('the element explains that its page is sandboxed', async () => {
  const { context, page } = await visit('iframe.html');
  await page.evaluate((src) => {
    const frame = document.createElement('iframe');
    frame.id = 'sandboxed';
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = `<script src="${src}"></script><speech-emotion model="mfcc1"></speech-emotion>`;
    document.body.append(frame);
  }, `${site.server.url}www/embed/speech-emotion.js`);
  await page.frameLocator('#sandboxed').getByText('Voices cannot be read in this frame').waitFor();
  await context.close();
});

test('the engine answers the embedding page only', async () => {
  const { context, page } = await visit('element.html');
  const first = page.locator('#first');
  await first.getByRole('button', { name: /^Woman, 35/ }).click();
  await output(page).filter({ hasText: '(first,' }).waitFor();
  const received = await page.evaluate(async () => {
    // Another site's frame in the same page, which sends requests to the engine's frame.
    const stranger = document.createElement('iframe');
    stranger.srcdoc = `<script>
      const received = [];
      addEventListener('message', ({ data }) => received.push(data));
      for (let n = 0; n < parent.frames.length; n += 1) parent.frames[n].postMessage({ sottovoce: 1, id: 7, ask: 'hello' }, '*');
      setTimeout(() => parent.postMessage({ stranger: received }, '*'), 1500);
    </script>`;
    stranger.sandbox = 'allow-scripts';
    const messages = [];
    const strangers = new Promise((resolve) => {
      addEventListener('message', ({ data }) => { if (data?.stranger) resolve(data.stranger); else messages.push(data); });
    });
    document.body.append(stranger);
    return { stranger: await strangers, answers: messages.filter(({ id }) => id === 7) };
  });
  // It receives its own requests, as it is one of the frames.
  assert.deepEqual(received.stranger.filter(({ ask }) => ask === undefined), []);
  assert.deepEqual(received.answers, []);
  // It answers the page.
  const answer = await page.evaluate(() => new Promise((resolve) => {
    addEventListener('message', ({ data }) => { if (data?.id === 8) resolve(data.type); });
    for (const frame of document.querySelectorAll('iframe')) frame.contentWindow.postMessage({ sottovoce: 1, id: 8, ask: 'hello' }, '*');
  }));
  assert.equal(answer, 'answer');
  await context.close();
});

test('the element reads in Firefox', async () => {
  const firefox = await launchFirefox();
  try {
    const page = await firefox.newPage();
    await page.goto(`${host.url}element.html`);
    const headline = await page.evaluate(async () => {
      const element = document.querySelector('#first');
      const { headline } = await element.analyze({ samples: new Float32Array(48_000).map((_, i) => Math.sin(i / 20) / 2), rate_hz: 16_000 });
      return headline;
    });
    assert.match(headline, /^(Sounds|Perhaps|Hard to tell|No speech)/);
  } finally {
    await firefox.close();
  }
});
