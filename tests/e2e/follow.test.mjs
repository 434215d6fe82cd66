// Recordings of any length, from end to end.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, fakeMicrophone, launch, longRecording, open, readingOf, useSite, useTemporaryFolder } from './support.mjs';

const site = useSite();

/** Opens the page, reads a long recording and follows all of it. */
async function followed(repeats) {
  // Only the test reads the state of the player.
  const opened = await site.open({ bypassCSP: true });
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
    assert.match(await summary(page).textContent(), /^0:\d\d in \d+ moments, \d+ of them with speech\. .*Hard to tell: /);
    const [head, ...rows] = (await saved(page, 'Save as CSV')).trim().split('\n').map((line) => line.split(','));
    assert.deepEqual(head.slice(0, 5), ['start_s', 'end_s', 'certainty', 'label', 'angry']);
    assert.equal(rows.length, Math.ceil((recording.seconds - 4) / 2) + 1);
    rows.forEach(([start, end, certainty, label], index) => {
      assert.equal(Number(start), 2 * index);
      // There is speech only between the silences.
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
    await assertAccessible(page);
    // Zooms in around the chosen moment, and out again.
    const axis = () => page.locator('.axis').textContent();
    assert.match(await axis(), /^0:00/);
    const whole = await axis();
    await page.getByLabel('Show').selectOption('30 seconds');
    assert.equal(await axis(), '0:000:30'.replace('0:30', recording.seconds > 30 ? '0:30' : whole.slice(4)));
    await page.getByLabel('Show').selectOption('all of it');
    assert.equal(await axis(), whole);
    // Playing goes from moment to moment.
    await page.evaluate(() => {
      const player = document.querySelector('#long-player');
      player.muted = true;
      player.currentTime = 15;
      return player.play();
    });
    await page.waitForFunction(() => Number(document.querySelector('#moment').value) === 8);
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

describe('the microphone', () => {
  const folder = useTemporaryFolder();
  let listening;
  before(async () => {
    const { context, page } = await site.open({ bypassCSP: true });
    const path = join(folder.path, 'voice.wav');
    await writeFile(path, (await longRecording(page, 3, 0.1)).buffer);
    await context.close();
    listening = await launch(fakeMicrophone(path));
  });
  after(() => listening?.close());

  test('is followed live, and no audio is kept', async () => {
    const { context, page, errors } = await open(listening, site.server.url, { permissions: ['microphone'], bypassCSP: true });
    await page.getByRole('button', { name: 'Follow live' }).click();
    await page.waitForFunction(() => Number(document.querySelector('#moment').max) >= 8);
    assert.match(await page.locator('#live-behind').textContent(), /^Shown \d+ ms after it was recorded\.$/);
    assert.match(await page.locator('#moment-text').textContent(), /: (Sounds|Perhaps|Hard to tell)/);
    assert.ok(await page.locator('#long-player').isHidden());
    await assertAccessible(page);
    // Earlier moments can be shown while more audio arrives.
    await page.locator('#moment').focus();
    await page.keyboard.press('Home');
    await page.waitForFunction(() => Number(document.querySelector('#moment').max) >= 10);
    assert.equal(await page.locator('#moment').inputValue(), '0');
    await page.getByRole('button', { name: 'Stop listening' }).click();
    await summary(page).filter({ hasText: 'with speech' }).waitFor();
    const rows = (await saved(page, 'Save as CSV')).trim().split('\n').slice(1).map((line) => line.split(',').map(Number));
    for (const [i, [start, end]] of rows.entries()) {
      assert.ok(end - start <= 4.03 && end - start > 0.9, `${start} to ${end}`);
      if (i) assert.ok(end - rows[i - 1][1] >= 0.49, `${rows[i - 1][1]}, then ${end}`);
    }
    assert.ok(await page.getByRole('button', { name: 'Record' }).isEnabled());
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('is released when another recording is read', async () => {
    const { context, page, errors } = await open(listening, site.server.url, { permissions: ['microphone'] });
    await page.getByRole('button', { name: 'Follow live' }).click();
    await page.waitForFunction(() => Number(document.querySelector('#moment').max) >= 1);
    await page.getByRole('button', { name: 'Man, 53' }).click();
    await readingOf(page, 'Man, 53');
    assert.equal(await page.locator('#live-label').textContent(), 'Follow live');
    assert.ok(await page.locator('#timeline').isHidden());
    assert.ok(await page.getByRole('button', { name: 'Record' }).isEnabled());
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('that is refused leaves the page as it was', async () => {
    const { context, page } = await site.open();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await page.getByRole('button', { name: 'Follow live' }).click();
    await page.locator('#problem').filter({ hasText: 'was refused' }).waitFor();
    assert.ok(await page.locator('#timeline').isHidden());
    await context.close();
  });
});
