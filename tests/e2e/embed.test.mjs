// The element and the frame, in the example pages, on another site than the engine's.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, launchFirefox, root, sample, serve } from './support.mjs';

let site;
let host;
let folder;
let browser;

before(async () => {
  site = await serve();
  folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
  // The examples as somebody copies them to a site of their own.
  for (const name of await readdir(join(root, 'www/examples'))) {
    const text = await readFile(join(root, 'www/examples', name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll('"../embed/', `"${site.url}www/embed/`));
  }
  host = await serve(folder, '/');
  browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});

after(async () => {
  await browser.close();
  await Promise.all([site.close(), host.close()]);
  await rm(folder, { recursive: true });
});

async function visit(example, options = {}) {
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(`${host.url}${example}`);
  return { context, page, errors };
}

const said = (page) => page.locator('#said');

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

test('the element reads a sample clip, shows it and tells of it', async () => {
  const { context, page, errors } = await visit('element.html');
  const first = page.locator('#first');
  await first.getByRole('button', { name: /^Woman, 35/ }).click();
  await said(page).filter({ hasText: /\(first, (likely|leaning|unsure)\)$/ }).waitFor();
  assert.match(await first.locator('.headline').textContent(), /^(Sounds|Perhaps|Hard to tell)/);
  assert.match(await first.locator('.explained').textContent(), /The actor was asked for: angry\./);
  assert.equal(await first.locator('.bar').count(), 7);
  assert.match(await first.locator('.notice').textContent(), /forbidden to infer the emotions of pupils/);
  // Sample clips by default, and a microphone only where it is wanted.
  assert.equal(await first.locator('iframe').count(), 0);
  await recorder(page).filter({ hasText: 'Record' }).waitFor();
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  assert.deepEqual(errors, []);
  await context.close();
});

test('elements of one page share one engine', async () => {
  const before = site.asked.filter((path) => path.endsWith('.wasm')).length;
  const { context, page } = await visit('element.html');
  await page.evaluate(() => Promise.all([...document.querySelectorAll('speech-emotion')].map((element) =>
    element.analyze({ samples: new Float32Array(48_000).map((_, i) => Math.sin(i / 20) / 2), rateHz: 16_000 }))));
  assert.equal(page.frames().filter((frame) => frame.url().includes('/embed/engine.html')).length, 1);
  assert.equal(site.asked.filter((path) => path.endsWith('.wasm')).length - before, 1);
  await context.close();
});

test('the microphone is heard in the frame, and the page around it gets the reading alone', async () => {
  const { context, page } = await visit('element.html', { permissions: ['microphone'] });
  await page.evaluate(() => {
    globalThis.seen = [];
    addEventListener('message', ({ data }) => globalThis.seen.push(data));
  });
  await record(page);
  await said(page).filter({ hasText: '(second,' }).waitFor();
  await recorder(page).filter({ hasText: 'Record' }).waitFor();
  assert.match(await page.locator('#second .headline').textContent(), /^(Sounds|Perhaps|Hard to tell|No speech)/);
  const { levels, sound } = await page.evaluate(() => ({
    levels: globalThis.seen.filter(({ level }) => level > 0).length,
    sound: globalThis.seen.some((data) => JSON.stringify(data).length > 20_000 || Object.values(data).some((v) => ArrayBuffer.isView(v))),
  }));
  assert.ok(levels > 5, `${levels} levels were told`);
  assert.equal(sound, false);
  await context.close();
});

test('a recording goes on when something else cannot be read meanwhile', async () => {
  const { context, page } = await visit('element.html', { permissions: ['microphone'] });
  await record(page);
  await page.evaluate(() => document.querySelector('#first').analyze(new Blob(['This is no sound.'])).catch(() => {}));
  await said(page).filter({ hasText: '(second,' }).waitFor();
  await context.close();
});

test('what cannot be read is told as an event, in words', async () => {
  const { context, page } = await visit('element.html');
  const code = await page.evaluate(async () => {
    const element = document.querySelector('#first');
    const told = new Promise((resolve) => { element.addEventListener('error', ({ detail }) => resolve(detail)); });
    element.analyze(new Blob(['This is no sound.'])).catch(() => {});
    return (await told).code;
  });
  assert.equal(code, 'unknown-format');
  await said(page).filter({ hasText: 'does not look like an audio file' }).waitFor();
  const refused = await page.evaluate(() => document.querySelector('#first').analyze('nothing').catch(({ code, message }) => `${code}: ${message}`));
  assert.match(refused, /^no-audio: This is no sound: give a Blob/);
  await page.evaluate(() => { document.querySelector('#first').setAttribute('model', 'other'); });
  const model = await page.evaluate(() => document.querySelector('#first').analyze(new Blob(['x'])).catch(({ message }) => message));
  assert.match(model, /There is no model “other” here\. Choose one of these: voice, hubert-small/);
  await context.close();
});

test('the element speaks the language it is given, and looks as it is told', async () => {
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

test('the frame reads a sample clip, and a file that the page around it gives', async () => {
  const { context, page, errors } = await visit('iframe.html');
  const frame = page.frameLocator('#frame');
  await frame.getByRole('button', { name: /^Woman, 25/ }).click();
  await said(page).filter({ hasText: /^(Sounds|Perhaps|Hard to tell)/ }).waitFor();
  await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
  await said(page).filter({ hasText: /^Your file: / }).waitFor();
  assert.equal(await said(page).textContent(), `Your file: ${await frame.locator('.headline').textContent()}`);
  assert.deepEqual(errors, []);
  await context.close();
});

for (const [name, look] of [['the frame', 'index.html?model=mfcc1'], ['the page itself', '../../index.html'], ['the lesson', '../../lesson.html']]) {
  test(`${name} says what it lacks in a sandbox without an origin`, async () => {
    const { context, page } = await visit('iframe.html');
    const told = await page.evaluate(async (src) => {
      const frame = document.createElement('iframe');
      frame.id = 'sandboxed';
      frame.sandbox = 'allow-scripts';
      const heard = new Promise((resolve) => {
        addEventListener('message', ({ data, source }) => { if (source === frame.contentWindow) resolve(data); });
      });
      frame.src = src;
      document.body.append(frame);
      return heard;
    }, `${site.url}www/embed/${look}`);
    assert.equal(told.detail.code, 'sandboxed');
    const main = page.frameLocator('#sandboxed').getByRole('main');
    await main.filter({ hasText: 'allow it with <iframe sandbox="allow-scripts allow-same-origin">' }).waitFor();
    assert.equal(told.detail.message, await main.textContent());
    // It must be painted, too, which takes more than standing in the document.
    const picture = await page.locator('#sandboxed').screenshot();
    assert.ok(picture.length > 3_000, `a blank frame of ${picture.length} bytes`);
    assert.equal(await page.frameLocator('#sandboxed').getByRole('button').count(), 0);
    await context.close();
  });
}

test('the sandboxed frame speaks the language that it is asked for, and reads once it has an origin', async () => {
  const { context, page, errors } = await visit('iframe.html');
  const add = (sandbox, look) => page.evaluate(([sandbox, src]) => {
    const frame = document.createElement('iframe');
    frame.id = 'sandboxed';
    frame.setAttribute('sandbox', sandbox);
    frame.src = src;
    document.querySelector('#sandboxed')?.remove();
    document.body.append(frame);
  }, [sandbox, `${site.url}www/embed/index.html?model=mfcc1${look}`]);
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

test('the element says so in a page that is sandboxed itself', async () => {
  const { context, page } = await visit('iframe.html');
  await page.evaluate((src) => {
    const frame = document.createElement('iframe');
    frame.id = 'sandboxed';
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = `<script src="${src}"></script><speech-emotion model="mfcc1"></speech-emotion>`;
    document.body.append(frame);
  }, `${site.url}www/embed/speech-emotion.js`);
  await page.frameLocator('#sandboxed').getByText('Voices cannot be read in this frame').waitFor();
  await context.close();
});

test('the engine answers the page around it and nobody else', async () => {
  const { context, page } = await visit('element.html');
  const first = page.locator('#first');
  await first.getByRole('button', { name: /^Woman, 35/ }).click();
  await said(page).filter({ hasText: '(first,' }).waitFor();
  const heard = await page.evaluate(async () => {
    // Another site's frame in the same page, which asks the engine's frame itself.
    const stranger = document.createElement('iframe');
    stranger.srcdoc = `<script>
      const heard = [];
      addEventListener('message', ({ data }) => heard.push(data));
      for (let n = 0; n < parent.frames.length; n += 1) parent.frames[n].postMessage({ sottovoce: 1, id: 7, ask: 'hello' }, '*');
      setTimeout(() => parent.postMessage({ stranger: heard }, '*'), 1500);
    </script>`;
    stranger.sandbox = 'allow-scripts';
    const seen = [];
    const told = new Promise((resolve) => {
      addEventListener('message', ({ data }) => { if (data?.stranger) resolve(data.stranger); else seen.push(data); });
    });
    document.body.append(stranger);
    return { stranger: await told, answers: seen.filter(({ id }) => id === 7) };
  });
  // It hears what it sent itself, as it is among the frames.
  assert.deepEqual(heard.stranger.filter(({ ask }) => ask === undefined), []);
  assert.deepEqual(heard.answers, []);
  // Asked by the page, it answers.
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
      const { headline } = await element.analyze({ samples: new Float32Array(48_000).map((_, i) => Math.sin(i / 20) / 2), rateHz: 16_000 });
      return headline;
    });
    assert.match(headline, /^(Sounds|Perhaps|Hard to tell|No speech)/);
  } finally {
    await firefox.close();
  }
});
