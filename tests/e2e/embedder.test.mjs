// An embedding page as an attacker: which requests and origins are allowed, and that recording starts only when the visitor presses
// a visible button of ours.

import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bundle } from '../../xtask/bundle.mjs';
import { preload } from '../../xtask/preload.mjs';
import { dist, fakeMicrophone, root, serve, useSite, useTemporaryFolder } from './support.mjs';

const site = useSite({ args: fakeMicrophone() });
const folder = useTemporaryFolder();
let host;

before(async () => { host = await serve(folder.path, '/'); });
after(() => host.close());

/** Opens a page of another site with an element that has a microphone, and collects the messages of its frames. */
async function visit(element = '<speech-emotion model="mfcc1" samples="none" mic></speech-emotion>', engine = site.server.url) {
  await writeFile(join(folder.path, 'index.html'), `<!doctype html><link rel="icon" href="data:,"><title>Attacker</title>
    <script>
      const messages = [];
      addEventListener('message', ({ data }) => messages.push(data));
    </script>
    <script src="${engine}www/embed/speech-emotion.js"></script><body>${element}</body>`);
  const context = await site.browser.newContext({ serviceWorkers: 'block', permissions: ['microphone'] });
  const page = await context.newPage();
  await page.goto(`${host.url}index.html`);
  return { context, page, record: page.frameLocator('iframe.record').getByRole('button') };
}

const countRecorded = (page) => page.evaluate(() => messages.filter(({ type, level }) => type === 'recording' || level !== undefined).length);
const shows = (page, text) => page.locator('speech-emotion .explained').filter({ hasText: text }).waitFor();

test('no message of a page starts the microphone', async () => {
  const { context, page, record } = await visit();
  await record.filter({ hasText: 'Record' }).waitFor();
  await page.evaluate(async () => {
    const frames = [...Array(globalThis.length).keys()].map((n) => globalThis[n]);
    for (const frame of frames) {
      let id = 100;
      for (const ask of ['record', 'start', 'listen', 'click', 'recording', 'stop', 'hello', 'constructor', '__proto__']) {
        frame.postMessage({ sottovoce: 1, id: ++id, ask, model: 'mfcc1', audio: 'microphone' }, '*');
        frame.postMessage({ sottovoce: 1, id: ++id, type: ask, ask: 'hello' }, '*');
      }
      frame.focus();
    }
    const element = document.querySelector('speech-emotion');
    const frame = element.shadowRoot.querySelector('.record');
    frame.click();
    frame.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    frame.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    await new Promise((resolve) => setTimeout(resolve, 1500));
  });
  assert.equal(await countRecorded(page), 0);
  // The same button works for a person.
  await record.click();
  await page.waitForFunction(() => messages.some(({ level }) => level > 0));
  await context.close();
});

test('another frame of ours gives a page no microphone', async () => {
  const { context, page } = await visit();
  // The engine's frame has no microphone, whatever the page allows it.
  const refused = await page.evaluate(async () => {
    const frame = document.querySelector('iframe');
    return frame.allow;
  });
  assert.equal(refused, '');
  const engine = page.frames().find((frame) => frame.url().includes('/embed/engine.html'));
  const error = await engine.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'given', ({ name }) => name));
  assert.equal(error, 'NotAllowedError');
  await context.close();
});

for (const [what, style] of [
  ['made transparent', '<style>speech-emotion { opacity: 0.01; }</style>'],
  ['covered', '<div style="position: fixed; inset: 0; background: white; pointer-events: none; z-index: 9">Press here to win</div>'],
  ['made small', '<style>speech-emotion { transform: scale(0.4); transform-origin: top left; }</style>'],
]) {
  test(`a button that is ${what} records nothing, and explains why`, async () => {
    const { context, page, record } = await visit(`${style}<speech-emotion model="mfcc1" samples="none" mic></speech-emotion>`);
    await record.filter({ hasText: 'Record' }).waitFor();
    await page.waitForTimeout(1000);
    await record.click({ force: true });
    await shows(page, 'was covered, or had only just appeared');
    assert.equal(await countRecorded(page), 0);
    await context.close();
  });
}

test('a button that has just appeared under the pointer records nothing', async () => {
  const { context, page, record } = await visit('');
  await page.evaluate(() => {
    document.body.innerHTML = '<div id="shade" style="position: fixed; inset: 0; background: white; pointer-events: none; z-index: 9"></div>'
      + '<speech-emotion model="mfcc1" samples="none" mic></speech-emotion>';
  });
  await record.filter({ hasText: 'Record' }).waitFor();
  await page.waitForTimeout(700);
  await page.evaluate(() => document.querySelector('#shade').remove());
  await record.click({ force: true });
  await shows(page, 'was covered, or had only just appeared');
  assert.equal(await countRecorded(page), 0);
  // A moment later it records.
  await page.waitForTimeout(1200);
  await record.click();
  await page.waitForFunction(() => messages.some(({ level }) => level > 0));
  await context.close();
});

test('a recording ends with the frame, and the embedding page never gets the audio', async () => {
  const { context, page, record } = await visit();
  await record.filter({ hasText: 'Record' }).waitFor();
  await page.waitForTimeout(1000);
  await record.click();
  await page.waitForFunction(() => messages.some(({ level }) => level > 0));
  await page.evaluate(() => { document.querySelector('speech-emotion').remove(); });
  const before = await countRecorded(page);
  await page.waitForTimeout(700);
  assert.equal(await countRecorded(page), before);
  const sound = await page.evaluate(() => messages.some((data) => JSON.stringify(data).length > 20_000 || Object.values(data).some(ArrayBuffer.isView)));
  assert.equal(sound, false);
  await context.close();
});

test('a site that its owner has not allowed gets neither readings nor a microphone', async () => {
  const built = await mkdtemp(join(tmpdir(), 'sottovoce-'));
  let closed;
  try {
    await cp(dist, built, { recursive: true });
    const list = join(built, 'www/embed/origins.js');
    const text = await readFile(list, 'utf8');
    await writeFile(list, text.replace("['*']", "['https://school.example']"));
    await bundle(built);
    await preload(built);
    closed = await serve(built);
    const { context, page, record } = await visit(undefined, closed.url);
    await page.locator('speech-emotion', { hasText: 'has not allowed this page' }).waitFor();
    const answers = await page.evaluate(() => new Promise((resolve) => {
      const replies = [];
      addEventListener('message', ({ data }) => { if (data.id > 900) replies.push(`${data.type} ${data.code}`); });
      for (let n = 0; n < globalThis.length; n += 1) {
        for (const ask of ['hello', 'analyze']) globalThis[n].postMessage({ sottovoce: 1, id: 901, ask, audio: { samples: new Float32Array(9), rate_hz: 16_000 } }, '*');
      }
      setTimeout(() => resolve(replies), 1000);
    }));
    assert.ok(answers.length >= 2 && answers.every((answer) => answer === 'error not-allowed'), `${answers}`);
    assert.equal(await record.count().catch(() => 0), 0);
    // The same of the frame as a page of its own.
    await page.setContent(`<iframe src="${closed.url}www/embed/index.html?model=mfcc1"></iframe>`);
    await page.frameLocator('iframe').getByText('has not allowed this page').waitFor();
    assert.equal(await page.frameLocator('iframe').getByRole('button').count(), 0);
    await context.close();
  } finally {
    await closed?.close();
    await rm(built, { recursive: true });
  }
});

test('readings are sent to the embedding page only', async () => {
  // A frame of a third site in the same page receives nothing.
  const { context, page } = await visit();
  const received = await page.evaluate(async () => {
    const other = document.createElement('iframe');
    other.sandbox = 'allow-scripts';
    other.srcdoc = '<script>let count = 0; addEventListener("message", ({ data }) => { if (data.sottovoce) count += 1; else parent.postMessage({ count }, "*"); });</script>';
    const ready = new Promise((resolve) => { other.onload = resolve; });
    document.body.append(other);
    await ready;
    await document.querySelector('speech-emotion').analyze({ samples: new Float32Array(48_000).map((_, i) => Math.sin(i / 20) / 2), rate_hz: 16_000 });
    const counted = new Promise((resolve) => { addEventListener('message', ({ data }) => { if (data.count !== undefined) resolve(data.count); }); });
    other.contentWindow.postMessage('how many?', '*');
    return counted;
  });
  assert.equal(received, 0);
  await context.close();
});

test('the policy of each embedded page allows no other site', async () => {
  for (const name of ['engine.html', 'index.html', 'microphone.html']) {
    const [, policy] = (await readFile(join(root, 'dist/www/embed', name), 'utf8')).match(/content="(default-src[^"]*)"/);
    assert.match(policy, /^default-src 'none'; script-src 'self'/, name);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-inline|'unsafe-eval'/, name);
  }
});
