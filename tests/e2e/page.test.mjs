// The built page as its visitors use it, in headless Chromium.

import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { chooseModel, chosenModel, fixture, goTo, reading, readingOf, sample, useSite, violations } from './support.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Drops files on the page as a person would. */
async function drop(page, paths) {
  const files = await Promise.all(paths.map(async (path) => ({
    name: path.split('/').at(-1), base64: (await readFile(path)).toString('base64'),
  })));
  await page.evaluate((files) => {
    const data = new DataTransfer();
    for (const { name, base64 } of files) {
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    for (const type of ['dragenter', 'dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, files);
}

const problem = (page) => page.locator('#problem');

describe('the page', () => {
  const site = useSite();

  test('reads a sample clip and says what the actor was asked for', async () => {
    const { context, page, errors } = await site.open();
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    const { headline, explained, shares, notes } = await readingOf(page, 'Woman, 35');
    assert.match(headline, /^(Sounds|Perhaps|Hard to tell)/);
    assert.match(explained, /The actor was asked for: angry\. Most listeners heard: angry\.$/);
    const total = Object.values(shares).reduce((sum, share) => sum + Number.parseFloat(share), 0);
    assert.ok(Math.abs(total - 100) < 0.01, `shares add up to ${total}`);
    assert.equal(Object.keys(shares).length, 7);
    assert.deepEqual(notes, []);
    assert.match(await page.locator('#waveform-text').textContent(), /^Sound from \d/);
    assert.match(await page.locator('#picture-text').textContent(), /third of the pitches/);
    assert.match(await page.locator('#announcement').textContent(), /\d %/);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('uses the engine that its browser supports, and reads the same with either', async () => {
    const read = async (prepare) => {
      const context = await site.browser.newContext();
      const page = await context.newPage();
      const engines = [];
      page.on('request', (request) => { if (request.url().endsWith('.wasm')) engines.push(request.url().split('/').at(-1)); });
      await prepare(page);
      await page.goto(site.server.url);
      await chosenModel(page);
      await page.getByRole('button', { name: 'Woman, 35' }).click();
      const { shares } = await readingOf(page, 'Woman, 35');
      await context.close();
      return { engines, shares };
    };
    const relaxed = await read(() => {});
    const plain = await read((page) => page.addInitScript(() => { WebAssembly.validate = () => false; }));
    assert.deepEqual(relaxed.engines, ['sottovoce_relaxed.wasm']);
    assert.deepEqual(plain.engines, ['sottovoce_bg.wasm']);
    for (const [emotion, share] of Object.entries(relaxed.shares)) {
      const apart = Math.abs(Number.parseFloat(share) - Number.parseFloat(plain.shares[emotion]));
      assert.ok(apart < 0.01, `${emotion}: ${share} and ${plain.shares[emotion]}`);
    }
  });

  test('draws and plays the model’s input', async () => {
    const { context, page } = await site.open();
    // The model whose clip begins at a fixed time.
    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
    await readingOf(page, '1028_MTI_SAD_XX.opus');
    const colours = await page.evaluate(() => ['waveform', 'picture'].map((id) => {
      const canvas = document.getElementById(id);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }));
    assert.ok(colours[0] >= 2 && colours[1] > 100, `${colours} colours`);
    const seconds = await page.waitForFunction(() => {
      const { duration } = document.getElementById('player');
      return Number.isFinite(duration) && duration;
    });
    assert.ok(Math.abs(await seconds.jsonValue() - 2.94) < 0.02, 'the player has the model’s input');
    await context.close();
  });

  test('reads dropped files and lists them', async () => {
    const { context, page, errors } = await site.open();
    const names = ['1028_MTI_SAD_XX.opus', '1049_ITS_HAP_XX.opus'];
    await drop(page, [sample(names[0]), fixture('no-audio.mp4'), sample(names[1])]);
    await readingOf(page, names[1]);
    const rows = page.locator('#more li');
    await rows.nth(2).waitFor();
    assert.match(await rows.nth(0).textContent(), new RegExp(names[0]));
    assert.match(await rows.nth(1).textContent(), /^no-audio\.mp4: could not be read\. There is no sound track in this file/);
    assert.match(await problem(page).textContent(), /^Could not be read: 1 of 3 recordings/);
    await rows.nth(0).getByRole('button').click();
    await readingOf(page, names[0]);
    assert.ok(await page.evaluate(() => document.activeElement.id === 'headline'), 'focus goes to the result');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('gives a reason for each file that cannot be read', async () => {
    const { context, page } = await site.open();
    await drop(page, [fixture('no-audio.mp4'), fixture('../corpora.csv.gz'), sample('1049_ITS_HAP_XX.opus')]);
    await readingOf(page, '1049_ITS_HAP_XX.opus');
    await page.locator('#more li').nth(2).waitFor();
    const rows = await page.locator('#more li').allTextContents();
    assert.match(rows[0], /could not be read\. There is no sound track/);
    assert.match(rows[1], /could not be read\. This is an archive/);
    assert.match(await problem(page).textContent(), /^Could not be read: 2 of 3 recordings/);
    await context.close();
  });

  test('reads many files in as many workers as there are cores, and lists them in their order', async () => {
    const { context, page, errors } = await site.open();
    const buffer = await readFile(sample('1028_MTI_SAD_XX.opus'));
    const names = Array.from({ length: 12 }, (_, index) => `clip-${index}.opus`);
    const cores = 3;
    await page.evaluate((count) => Object.defineProperty(navigator, 'hardwareConcurrency', { value: count }), cores);
    await page.setInputFiles('#file', names.map((name) => ({ name, mimeType: 'audio/ogg', buffer })));
    const rows = page.locator('#more li');
    await rows.nth(names.length - 1).waitFor();
    assert.equal(page.workers().length, cores);
    const texts = await rows.allTextContents();
    texts.forEach((text, index) => assert.ok(text.startsWith(`${names[index]}: `), text));
    assert.equal(new Set(texts.map((text) => text.split(': ')[1])).size, 1, 'every worker reads the same');
    await readingOf(page, names.at(-1));
    // Only the first worker gets the next model; the others end.
    await chooseModel(page, 'mfcc2');
    await chosenModel(page);
    await page.waitForFunction(() => document.querySelector('#meta').textContent.includes('read by mfcc2'));
    assert.equal(page.workers().length, 1);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('reads every kind of file', async () => {
    const { context, page, errors } = await site.open();
    for (const name of ['s24.wav', 'aiff-named.wav', 'stereo.flac', 'cbr.mp3', 'vorbis.ogg', 'recorder.webm', 'aac.m4a']) {
      await page.setInputFiles('#file', fixture(name));
      const { meta } = await readingOf(page, name);
      assert.match(meta, /of 1\.[01] s/, name);
    }
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('says what is wrong with files that cannot be read, and stays usable', async () => {
    const { context, page, errors } = await site.open();
    const refused = async (name, buffer, words) => {
      await page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer });
      await page.waitForFunction((text) => document.querySelector('#problem').textContent.startsWith(text), name);
      assert.match(await problem(page).textContent(), words);
      assert.equal(await problem(page).getAttribute('role'), 'alert');
    };
    await refused('letter.txt', Buffer.from('not sound at all '.repeat(200)), /does not look like an audio file/);
    const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(26), Buffer.from('[Content_Types].xml'), Buffer.alloc(900)]);
    await refused('letter.docx', zip, /picture or a document/);
    await refused('letters.zip', Buffer.from('PK\u0003\u0004 not sound at all'.repeat(200)), /an archive/);
    await refused('nothing.wav', Buffer.alloc(0), /empty/);
    await refused('cut.wav', (await readFile(fixture('s16.wav'))).subarray(0, 40), /damaged|no sound|does not look/);
    await page.getByRole('button', { name: 'Man, 33' }).click();
    await readingOf(page, 'Man, 33');
    assert.ok(await problem(page).isHidden());
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('refuses a file that is too large before reading it', async () => {
    const { context, page } = await site.open();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(Array(201).fill(new Uint8Array(1_000_000)), 'huge.wav'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.querySelector('#problem').textContent.startsWith('huge.wav'));
    assert.match(await problem(page).textContent(), /201 MB, more than the 200 MB/);
    await context.close();
  });

  test('says so when there is no speech', async () => {
    const { context, page } = await site.open();
    const wav = await readFile(fixture('s16.wav'));
    wav.fill(0, 44);
    await page.setInputFiles('#file', { name: 'silence.wav', mimeType: 'audio/wav', buffer: wav });
    const { headline, notes } = await readingOf(page, 'silence.wav');
    assert.equal(headline, 'No speech found');
    assert.match(notes[0], /No speech was found/);
    await context.close();
  });

  test('replaces a worker that crashes, and says so', async () => {
    const { context, page } = await site.open();
    const [worker] = page.workers();
    await worker.evaluate(() => { setTimeout(() => { throw new Error('a crash on purpose'); }); });
    await problem(page).waitFor({ state: 'visible' });
    assert.match(await problem(page).textContent(), /has been restarted/);
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await readingOf(page, 'Woman, 25');
    assert.ok(await problem(page).isHidden());
    assert.notEqual(page.workers()[0], worker);
    await context.close();
  });

  test('says so when the engine panics during a recording', async () => {
    const { context, page } = await site.open();
    // Like a panic, this error has no code.
    await page.workers()[0].evaluate(() => { Blob.prototype.arrayBuffer = () => { throw new WebAssembly.RuntimeError('unreachable'); }; });
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await problem(page).waitFor({ state: 'visible' });
    assert.match(await problem(page).textContent(), /has been restarted/);
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await readingOf(page, 'Woman, 25');
    await context.close();
  });

  test('says so when part of it cannot be loaded, and loads again on the next try', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.route('**/model.safetensors', (route) => route.abort());
    await page.goto(site.server.url);
    await problem(page).waitFor({ state: 'visible' });
    assert.match(await problem(page).textContent(), /could not be loaded\. Check the connection/);
    await page.unroute('**/model.safetensors');
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await readingOf(page, 'Woman, 25');
    await context.close();
  });

  test('sends no request to another origin', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const elsewhere = [];
    context.on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1|blob:http:\/\/127\.0\.0\.1)/.test(request.url())) elsewhere.push(request.url());
    });
    await page.goto(site.server.url);
    await chosenModel(page);
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await readingOf(page, 'Woman, 25');
    assert.deepEqual(elsewhere, []);
    // The service worker caches the page once it is loaded.
    await page.evaluate(() => navigator.serviceWorker.ready);
    const count = site.server.requests.length;
    await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
    await readingOf(page, '1028_MTI_SAD_XX.opus');
    assert.equal(site.server.requests.length, count, 'a file is read without a single request');
    const blocked = await page.evaluate(() => fetch('https://example.org/').then(() => false, () => true));
    assert.ok(blocked, 'the policy forbids other origins');
    await context.close();
  });

  test('has no accessibility violations, empty, with a reading or with a problem', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const { context, page } = await site.open({ colorScheme });
      assert.deepEqual(await violations(page), [], `${colorScheme}, empty`);
      await page.getByRole('button', { name: 'Woman, 35' }).click();
      await readingOf(page, 'Woman, 35');
      await page.setInputFiles('#file', { name: 'nothing.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(0) });
      await problem(page).waitFor({ state: 'visible' });
      assert.deepEqual(await violations(page), [], `${colorScheme}, with a reading and a problem`);
      await context.close();
    }
  });

  test('works with the keyboard alone', async () => {
    const { context, page } = await site.open();
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    const stops = [];
    for (let i = 0; i < 11; i += 1) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    assert.deepEqual(stops.slice(0, 9), ['Skip to the analyzer', 'Nothing leaves this tab.', 'language', 'Lesson', 'Teach it', 'Settings', 'record', 'file', 'live']);
    assert.match(stops[9], /^Woman, 35/);
    await page.keyboard.press('Enter');
    assert.match((await readingOf(page, 'Woman, 25')).headline, /\w/);
    await context.close();
  });

  test('fits a phone, and nothing moves when a reading comes', async () => {
    const { context, page } = await site.open(PHONE);
    const sizes = () => page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      width: innerWidth,
      tops: ['headline', 'waveform', 'bars', 'meta'].map((id) => document.getElementById(id).getBoundingClientRect().top + scrollY),
    }));
    const before = await sizes();
    assert.ok(before.scroll <= before.width, 'no sideways scrolling');
    const small = await page.evaluate(() => [...document.querySelectorAll('button, .button')]
      .filter((target) => target.checkVisibility() && target.getBoundingClientRect().height < 44).length);
    assert.equal(small, 0, 'every target is large enough for a thumb');
    await page.getByRole('button', { name: 'Man, 53' }).click();
    await readingOf(page, 'Man, 53');
    const after = await sizes();
    assert.ok(after.scroll <= after.width, 'no sideways scrolling with a reading');
    after.tops.forEach((top, i) => assert.ok(Math.abs(top - before.tops[i]) <= 1, `${before.tops} became ${after.tops}`));
    await context.close();
  });

  test('reads again with another model, and says how well each does', async () => {
    const { context, page, errors } = await site.open();
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    const first = await readingOf(page, 'Woman, 35');
    const models = page.getByLabel('Model', { exact: true });
    const names = await models.locator('option').evaluateAll((options) => options.map(({ value }) => value));
    assert.deepEqual(new Set(names), new Set((await readdir(new URL('../../models/shipped/', import.meta.url)))));
    const unseen = JSON.parse(await readFile(new URL('../../models/held-out/speaker.json', import.meta.url), 'utf8'));
    await goTo(page, 'settings');
    for (const name of names.filter((name) => name !== 'voice')) {
      const { unseen_corpora: corpora } = JSON.parse(await readFile(new URL(`../../models/shipped/${name}/model.json`, import.meta.url), 'utf8'));
      const option = models.locator(`option[value=${name}]`);
      await page.waitForFunction((name) => document.querySelector(`option[value=${name}]`).textContent.includes('%'), name);
      assert.ok((await option.textContent()).includes(`right in ${Math.round(100 * unseen[name].accuracy)} % of clips by new voices`));
      await models.selectOption(name);
      await page.waitForFunction((name) => document.querySelector('#meta').textContent.includes(`read by ${name} in`), name);
      const { shares } = await readingOf(page, 'Woman, 35');
      assert.notDeepEqual(shares, first.shares, `${name} gives its own probabilities`);
      const text = await page.locator('#accuracy').textContent();
      assert.match(text, new RegExp(`The chosen model is ${name}, `));
      assert.ok(text.includes(`${Math.round(100 * unseen[name].accuracy)} % of their ${unseen[name].clips} clips: expect that of a new voice`), text);
      const best = Math.max(...corpora.map(({ accuracy }) => accuracy));
      assert.ok(text.includes(`collections of recordings that it never met`) && text.includes(`to ${Math.round(100 * best)} % of the clips`), text);
    }
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('stays with its model when another cannot be loaded', async () => {
    const { context, page } = await site.open();
    await page.route('**/models/baseline/model.safetensors', (route) => route.abort());
    const models = page.getByLabel('Model', { exact: true });
    await chooseModel(page, 'baseline');
    await problem(page).waitFor();
    assert.match(await problem(page).textContent(), /could not be loaded/);
    assert.equal(await models.inputValue(), 'voice');
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    await readingOf(page, 'Woman, 35');
    await context.close();
  });

  test('uses a small model while the chosen one loads, and reads again once it is there', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    let release = () => {};
    const held = new Promise((resolve) => { release = resolve; });
    await page.route('**/models/voice/weights-*', async (route) => { await held; await route.continue(); });
    await page.goto(site.server.url);
    const loading = page.locator('#loading');
    await loading.waitFor();
    assert.match(await loading.textContent(), /Loading voice, .*Until then mfcc1 reads/);
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.match((await readingOf(page, 'Woman, 35')).meta, /read by mfcc1 in/);
    release();
    await page.waitForFunction(() => document.querySelector('#meta').textContent.includes('read by voice in'));
    assert.equal(await loading.isVisible(), false);
    await context.close();
  });

  test('stops loading a model on request', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.route('**/models/voice/weights-*', () => { /* Never answered. */ });
    await page.goto(site.server.url);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#loading').waitFor({ state: 'hidden' });
    assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), 'mfcc1');
    assert.equal(await problem(page).isVisible(), false);
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.match((await readingOf(page, 'Woman, 35')).meta, /read by mfcc1 in/);
    await context.close();
  });

  test('caches models between visits, but none that is damaged', async () => {
    const { context, page } = await site.open();
    const fetched = [];
    page.on('request', (request) => { if (request.url().includes('/models/voice/weights-')) fetched.push(request.url()); });
    await page.reload();
    await chosenModel(page);
    assert.deepEqual(fetched, [], 'the model is cached from the visit before');

    await page.evaluate(async () => {
      const cache = await caches.open('sottovoce-models');
      for (const request of await cache.keys()) await cache.put(request, new Response('not a model'));
    });
    await page.reload();
    await chosenModel(page);
    assert.equal(fetched.length, 1, 'a damaged file is loaded again');

    await page.evaluate(() => caches.delete('sottovoce-models'));
    await page.route('**/models/voice/weights-*', (route) => route.fulfill({ body: 'not a model' }));
    await page.reload();
    await problem(page).waitFor();
    assert.match(await problem(page).textContent(), /arrived damaged\. Try again/);
    assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), 'mfcc1');
    await context.close();
  });

  test('stays with its model when another does not fit the engine', async () => {
    const { context, page } = await site.open();
    await page.route('**/models/baseline/model.json', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('"angry"', '"calm"') });
    });
    await chooseModel(page, 'baseline');
    await problem(page).waitFor();
    assert.match(await problem(page).textContent(), /model description.*cannot be used/);
    assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), 'voice');
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    assert.match((await readingOf(page, 'Woman, 35')).meta, /read by voice in/);
    await context.close();
  });

  test('has no motion for those who prefer none', async () => {
    const { context, page } = await site.open({ reducedMotion: 'reduce' });
    const transition = await page.evaluate(() => getComputedStyle(document.querySelector('.track > span')).transitionDuration);
    assert.equal(transition, '0s');
    await context.close();
  });

  test('says what its figures mean', async () => {
    const { context, page } = await site.open();
    const { metrics } = JSON.parse(await readFile(new URL('../../models/shipped/voice/model.json', import.meta.url), 'utf8'));
    const text = await page.locator('[data-views="meaning"]').textContent();
    for (const words of [`${Math.round(100 * metrics.accuracy)} %`, `${metrics.clips} clips`, 'CREMA-D', '42', 'actors speaking English', 'Article 5(1)(f)', 'non-commercial']) {
      assert.ok(text.includes(words), `the page says “${words}”`);
    }
    const { headline } = await reading(page);
    assert.equal(headline, 'No voice yet');
    await context.close();
  });
});
