// The lesson, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertAccessible, collectErrors, root, useSite } from './support.mjs';

const site = useSite();
let clips;

before(async () => {
  clips = JSON.parse(await readFile(join(root, 'www/lesson/clips.json'), 'utf8'));
});

async function visit(options = {}) {
  const context = await site.browser.newContext({ bypassCSP: true, serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(`${site.server.url}lesson.html`);
  await page.locator('#matrix').scrollIntoViewIfNeeded();
  await page.locator('#matrix td').first().waitFor();
  return { context, page, errors };
}

test('the clips are CREMA-D’s, with the targets of their names', async () => {
  const emotions = { ANG: 'angry', DIS: 'disgust', FEA: 'fear', HAP: 'happy', NEU: 'neutral', SAD: 'sad' };
  assert.ok(clips.length >= 12);
  // The lesson needs clips for which listeners chose something else.
  assert.ok(clips.filter(({ acted, perceived }) => !perceived.includes(acted)).length >= 4);
  for (const { file, acted, perceived, words } of clips) {
    assert.equal(acted, emotions[file.split('/').at(-1).split('_')[2]], file);
    assert.ok(perceived.length && words, file);
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
      ['You chose', 'The actor was asked for', 'Most listeners chose', 'The model says']);
    assert.equal(await page.locator('#revealed dd').nth(1).textContent(), acted);
    if (place === 0) {
      await assertAccessible(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than a phone');
    }
    if (place < tour.length - 1) await page.keyboard.press('Enter');
  }
  const listeners = tour.filter(({ acted, perceived }) => perceived.length === 1 && perceived[0] === acted).length;
  assert.match(await page.locator('#score').textContent(),
    new RegExp(`Of one mind with the actor so far, out of ${tour.length}: you ${agreed}, most listeners ${listeners}, the model \\d+\\.`));
  assert.deepEqual(errors, []);
  await context.close();
});

test('the clips behind a cell can be played, with any model', async () => {
  const { context, page, errors } = await visit();
  const { metrics } = JSON.parse(await readFile(join(root, 'models/shipped/voice/model.json'), 'utf8'));
  const numbers = (await page.locator('#matrix td').allTextContents()).map(Number);
  assert.deepEqual(numbers, metrics.confusion.flat());
  const cells = page.locator('#matrix button');
  assert.ok(await cells.count() >= 8, `${await cells.count()} cells have clips`);
  let players = 0;
  for (let i = 0; i < await cells.count(); i += 1) {
    await cells.nth(i).click();
    players += await page.locator('#cell audio').count();
  }
  assert.equal(players, clips.length);
  await assertAccessible(page);
  await page.getByLabel('Model', { exact: true }).selectOption('mfcc1');
  const other = JSON.parse(await readFile(join(root, 'models/shipped/mfcc1/model.json'), 'utf8')).metrics.confusion.flat();
  await page.waitForFunction((first) => document.querySelector('#matrix td').textContent === first, String(other[0]));
  assert.deepEqual((await page.locator('#matrix td').allTextContents()).map(Number), other);
  assert.deepEqual(errors, []);
  await context.close();
});

test('the sheet has each clip, and no answers', async () => {
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
