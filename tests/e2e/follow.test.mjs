// Recordings of any length, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, longRecording, open, readingOf, serve } from './support.mjs';

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await launch();
});

after(async () => {
  await browser.close();
  await server.close();
});

/** Opens the page, reads a long recording and has all of it followed. */
async function followed(repeats) {
  // Only the test looks into the player.
  const opened = await open(browser, server.url, { bypassCSP: true });
  const recording = await longRecording(opened.page, repeats);
  await opened.page.setInputFiles('#file', recording);
  await opened.page.getByRole('button', { name: /^Follow all/ }).click();
  return { ...opened, recording };
}

const summary = (page) => page.locator('#timeline-summary');

async function saved(page, button) {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFile(await (await download).path(), 'utf8');
}

describe('a long recording', () => {
  test('is followed moment by moment, and saved', async () => {
    const { context, page, errors, recording } = await followed(2);
    await summary(page).filter({ hasText: 'moments' }).waitFor();
    assert.match(await summary(page).textContent(), /^0:\d\d in \d+ moments, \d+ of them with speech\. .*hard to tell/);
    const [head, ...rows] = (await saved(page, 'Save as CSV')).trim().split('\n').map((line) => line.split(','));
    assert.deepEqual(head.slice(0, 5), ['start_s', 'end_s', 'certainty', 'label', 'angry']);
    assert.equal(rows.length, Math.ceil((recording.seconds - 4) / 2) + 1);
    rows.forEach(([start, end, certainty, label], index) => {
      assert.equal(Number(start), 2 * index);
      // Speech stands between the silences alone.
      if (Number(end) <= 10 || Number(start) >= recording.seconds - 10) assert.deepEqual([certainty, label], ['no-speech', '']);
      if (Number(start) >= 10 && Number(end) <= recording.seconds - 10) assert.notEqual(label, '');
    });
    const json = JSON.parse(await saved(page, 'Save as JSON'));
    assert.deepEqual(json.map(({ label }) => label ?? ''), rows.map((row) => row[3]));
    // By the keyboard to the moment at 10 s, which the player goes to as well.
    await page.locator('#moment').focus();
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('ArrowRight');
    assert.match(await page.locator('#moment').getAttribute('aria-valuetext'), /^0:10 to 0:14: (Sounds|Perhaps|Hard)/);
    assert.equal(await page.evaluate(() => document.querySelector('#long-player').currentTime), 10);
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    assert.deepEqual(errors, []);
    // Another recording takes its place.
    await page.getByRole('button', { name: 'Man, 53' }).click();
    await readingOf(page, 'Man, 53');
    assert.ok(await page.locator('#timeline').isHidden());
    await context.close();
  });

  test('can be stopped, and keeps what was read', async () => {
    const { context, page, errors } = await followed(200);
    await page.waitForFunction(() => document.querySelector('#moment').max > 8);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await summary(page).filter({ hasText: 'stopped before its end' }).waitFor();
    const rows = (await saved(page, 'Save as CSV')).trim().split('\n');
    assert.ok(rows.length > 8 && rows.length < 200, `${rows.length} rows`);
    assert.deepEqual(errors, []);
    await context.close();
  });
});
