// The lesson, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, serve } from './support.mjs';

let server;
let browser;
let clips;

before(async () => {
  server = await serve();
  browser = await launch();
  clips = JSON.parse(await readFile(join(root, 'www/lesson/clips.json'), 'utf8'));
});

after(async () => {
  await browser.close();
  await server.close();
});

async function visit(options = {}) {
  const context = await browser.newContext({ bypassCSP: true, serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(`${server.url}lesson.html`);
  await page.locator('#matrix').scrollIntoViewIfNeeded();
  await page.locator('#matrix td').first().waitFor();
  return { context, page, errors };
}

async function isAccessible(page) {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
}

test('the clips are CREMA-D’s, with what their names and its listeners say', async () => {
  const emotions = { ANG: 'angry', DIS: 'disgust', FEA: 'fear', HAP: 'happy', NEU: 'neutral', SAD: 'sad' };
  assert.ok(clips.length >= 12);
  // As many in which listeners heard something else make a lesson worth having.
  assert.ok(clips.filter(({ acted, heard }) => !heard.includes(acted)).length >= 4);
  for (const { file, acted, heard, words } of clips) {
    assert.equal(acted, emotions[file.split('/').at(-1).split('_')[2]], file);
    assert.ok(heard.length && words, file);
    await readFile(join(root, 'www/lesson', file));
  }
});

test('a guess comes before the answer, all by the keyboard, to the last clip', async () => {
  const { context, page, errors } = await visit({ viewport: { width: 320, height: 700 } });
  assert.ok(await page.getByRole('button', { name: 'Compare' }).isDisabled());
  let agreed = 0;
  const tour = clips.slice(0, 12);
  for (const [place, { acted }] of tour.entries()) {
    assert.match(await page.locator('#clip-name').textContent(), new RegExp(`^Clip ${place + 1} of ${tour.length}\\.`));
    assert.equal(await page.locator('#revealed').textContent(), '');
    await page.getByRole('radio').first().focus();
    await page.keyboard.press('Space');
    if (acted === 'angry') agreed += 1;
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#revealed dt').first().waitFor();
    assert.deepEqual(await page.locator('#revealed dt').allTextContents(),
      ['You heard', 'The actor was asked for', 'Most listeners heard', 'The model says']);
    assert.equal(await page.locator('#revealed dd').nth(1).textContent(), acted);
    if (place === 0) {
      await isAccessible(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than a phone');
    }
    if (place < tour.length - 1) await page.keyboard.press('Enter');
  }
  const listeners = tour.filter(({ acted, heard }) => heard.length === 1 && heard[0] === acted).length;
  assert.match(await page.locator('#score').textContent(),
    new RegExp(`Of one mind with the actor so far, out of ${tour.length}: you ${agreed}, most listeners ${listeners}, the model \\d+\\.`));
  assert.deepEqual(errors, []);
  await context.close();
});

test('the clips behind a cell can be heard, with whichever model', async () => {
  const { context, page, errors } = await visit();
  const { metrics } = JSON.parse(await readFile(join(root, 'models/voice/model.json'), 'utf8'));
  const numbers = (await page.locator('#matrix td').allTextContents()).map(Number);
  assert.deepEqual(numbers, metrics.confusion.flat());
  const cells = page.locator('#matrix button');
  assert.ok(await cells.count() >= 8, `${await cells.count()} cells have clips`);
  let heard = 0;
  for (let i = 0; i < await cells.count(); i += 1) {
    await cells.nth(i).click();
    heard += await page.locator('#cell audio').count();
  }
  assert.equal(heard, clips.length);
  await isAccessible(page);
  await page.getByLabel('Model', { exact: true }).selectOption('mfcc1');
  const other = JSON.parse(await readFile(join(root, 'models/mfcc1/model.json'), 'utf8')).metrics.confusion.flat();
  await page.waitForFunction((first) => document.querySelector('#matrix td').textContent === first, String(other[0]));
  assert.deepEqual((await page.locator('#matrix td').allTextContents()).map(Number), other);
  assert.deepEqual(errors, []);
  await context.close();
});

test('the sheet has each clip, and nothing of the answers', async () => {
  const { context, page } = await visit();
  await page.emulateMedia({ media: 'print' });
  assert.ok(await page.locator('#sheet').isVisible());
  assert.ok(await page.locator('#tour').isHidden());
  const rows = await page.locator('#sheet-rows tr').allTextContents();
  assert.equal(rows.length, 12);
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 10_000);
  await context.close();
});
