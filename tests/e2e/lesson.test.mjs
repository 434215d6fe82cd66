// The lesson, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertAccessible, collectErrors, root, until, useSite } from './support.mjs';

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

/** Guesses at the first clips, always the first emotion. */
async function guess(page, count) {
  for (let i = 0; i < count; i += 1) {
    await page.getByRole('radio').first().check();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.locator('#revealed dt').first().waitFor();
    if (i < count - 1) await page.getByRole('button', { name: 'Next clip' }).click();
  }
}

test('everybody’s guesses are a file without names, to which those of others are added', async () => {
  const { context, page, errors } = await visit();
  await guess(page, 12);
  await page.getByRole('button', { name: 'Start over for the next person' }).click();
  assert.match(await page.locator('#clip-name').textContent(), /^Clip 1 of 12/);
  assert.equal(await page.locator('#score').textContent(), '');
  await guess(page, 2);
  const summary = page.locator('#results-summary');
  assert.equal(await summary.textContent(), 'Guesses: 14. Rounds: 2.');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const text = await readFile(await (await downloading).path(), 'utf8');
  const [head, ...rows] = text.trim().split('\n').map((line) => line.split(','));
  assert.deepEqual(head, ['round', 'clip', 'acted', 'perceived', 'predicted', 'model', 'guess']);
  assert.equal(rows.length, 14);
  for (const [i, [, clip, acted, perceived, , model, chosen]] of rows.entries()) {
    const expected = clips[i % 12];
    assert.ok(expected.file.endsWith(`${clip}.opus`));
    assert.deepEqual([acted, perceived, model, chosen], [expected.acted, expected.perceived.join(' '), 'voice', 'angry']);
  }
  await assertAccessible(page);
  // The same file again changes nothing; one of another device counts.
  const other = `${head.join(',')}\n${rows.slice(0, 12).map((row) => ['other-1', ...row.slice(1, 6), 'sad'].join(',')).join('\n')}\n`;
  await page.setInputFiles('#results-add', [{ name: 'same.csv', mimeType: 'text/csv', buffer: Buffer.from(text) },
    { name: 'other.csv', mimeType: 'text/csv', buffer: Buffer.from(other) }, { name: 'no.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') }]);
  await summary.filter({ hasText: 'Guesses: 26. Rounds: 3. no.csv has no guesses of this lesson.' }).waitFor();
  assert.match(await page.locator('#results-rows tr').first().textContent(), /angry 2, sad 1/);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await summary.textContent(), 'No guesses yet.');
  assert.deepEqual(errors, []);
  await context.close();
});

test('a voice teaches it, and it does worse on the other', async () => {
  const { context, page, errors } = await visit();
  const buttons = page.locator('#teach-voices button');
  assert.equal(await buttons.count(), 2);
  for (const place of [0, 1]) {
    await buttons.nth(place).click();
    await page.locator(`#taught-rows tr:nth-child(${place + 1}) td button`).nth(1).waitFor();
  }
  const right = (await page.locator('#taught-rows td').allTextContents()).map((text) => Number(text.match(/^(\d+) of \d+$/)[1]));
  // Rows teach, columns are tried.
  assert.ok(right[0] > right[1] + 1 && right[3] > right[2] + 1, `${right}`);
  assert.match(await page.locator('#taught-said').textContent(), new RegExp(`tells ${right[3]} of \\d+ right, of the other voice’s ${right[2]} of`));
  await page.locator('#taught-rows td button').first().click();
  const played = await page.locator('#taught-clips li').allTextContents();
  assert.equal(played.filter((text) => text.startsWith('✓')).length, right[0]);
  await assertAccessible(page);
  assert.deepEqual(errors, []);
  await context.close();
});

test('is large for a projector, and an exhibit starts over by itself', async () => {
  const { context, page, errors } = await visit();
  await page.clock.install();
  await page.reload();
  await page.locator('#taught-rows td').first().waitFor({ state: 'attached' });
  const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.body).fontSize));
  const before = await size();
  await page.getByLabel('Large, for a projector').check();
  assert.equal(await size(), 1.5 * before);
  await page.getByLabel(/^Start over by itself/).check();
  assert.match(page.url(), /projector/);
  await page.clock.resume();
  await guess(page, 1);
  // The matrix, too, is read by now: requests that are still open would run into their time limit.
  await page.locator('#matrix').scrollIntoViewIfNeeded();
  await page.locator('#matrix td').first().waitFor();
  await page.clock.fastForward(52_000);
  await page.locator('#idle').filter({ hasText: 'Starts over in ten seconds' }).waitFor();
  // Somebody is there after all.
  await page.keyboard.press('Shift');
  assert.ok(await page.locator('#idle').isHidden());
  assert.notEqual(await page.locator('#revealed').textContent(), '');
  await page.clock.fastForward(61_000);
  await page.locator('#revealed:empty').waitFor({ state: 'attached' });
  assert.equal(await page.locator('#score').textContent(), '');
  // What they chose stays.
  assert.equal(await page.locator('#results-summary').textContent(), 'Guesses: 1. Rounds: 1.');
  await page.reload();
  await until(page, (wanted) => Number.parseFloat(getComputedStyle(document.body).fontSize) === wanted, 1.5 * before);
  assert.deepEqual(errors, []);
  await context.close();
});
