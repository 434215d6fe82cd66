// Recordings of any length, from end to end.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { assertAccessible, fakeMicrophone, launch, longRecording, open, program, readingOf, root, useSite, useTemporaryFolder } from './support.mjs';

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

/** Saves the timeline in a format; returns the file's text, and its name. */
async function saved(page, format) {
  await page.getByLabel('Save as').selectOption(format);
  const download = page.waitForEvent('download');
  await page.locator('#save-timeline').click();
  const file = await download;
  return { text: await readFile(await file.path(), 'utf8'), name: file.suggestedFilename() };
}

const rowsOf = ({ text }) => text.trim().split('\n').map((line) => line.split(','));

describe('a long recording', () => {
  test('is followed moment by moment, and saved', async () => {
    const { context, page, errors, recording } = await followed(2);
    await summary(page).filter({ hasText: 'moments' }).waitFor();
    assert.match(await summary(page).textContent(), /^0:\d\d in \d+ moments, \d+ of them with speech\. .*Hard to tell: /);
    const [head, ...rows] = rowsOf(await saved(page, 'csv'));
    assert.deepEqual(head.slice(0, 5), ['start_s', 'end_s', 'certainty', 'label', 'angry']);
    assert.equal(rows.length, Math.ceil((recording.seconds - 4) / 2) + 1);
    rows.forEach(([start, end, certainty, label], index) => {
      assert.equal(Number(start), 2 * index);
      // There is speech only between the silences.
      if (Number(end) <= 10 || Number(start) >= recording.seconds - 10) assert.deepEqual([certainty, label], ['no-speech', '']);
      if (Number(start) >= 10 && Number(end) <= recording.seconds - 10) assert.notEqual(label, '');
    });
    const json = JSON.parse((await saved(page, 'json')).text);
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

  test('is saved for other programs, with the same labels as on the command line', async () => {
    const { context, page, errors, recording } = await followed(2);
    await summary(page).filter({ hasText: 'moments' }).waitFor();
    const rows = rowsOf(await saved(page, 'csv')).slice(1);
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
    await writeFile(join(folder, 'long.wav'), recording.buffer);
    const { stdout } = await promisify(execFile)(program, ['follow', join(folder, 'long.wav'), '--format', 'textgrid'], { cwd: root });
    const grid = await saved(page, 'textgrid');
    assert.equal(grid.name, 'long.TextGrid');
    // Decoded and computed by the same code: the file is the same to the last byte.
    assert.equal(grid.text, stdout);
    await writeFile(join(folder, 'long.TextGrid'), grid.text);
    const praat = await promisify(execFile)('praat_nogui', ['--run', join(root, 'tests/fixtures/read_text_grid.praat'), join(folder, 'long.TextGrid')]);
    const labels = praat.stdout.trim().split('\n').map((line) => line.split('\t')).filter(([tier]) => tier === 'emotion').map(([, , , text]) => text);
    assert.deepEqual(labels, rows.map((row) => row[3]));
    await rm(folder, { recursive: true });

    const captions = await saved(page, 'webvtt');
    assert.equal(captions.name, 'long.vtt');
    /** As the browser's own reader of WebVTT understands them. */
    const cues = await page.evaluate((text) => new Promise((resolve, reject) => {
      const track = Object.assign(document.createElement('track'), { src: URL.createObjectURL(new Blob([text], { type: 'text/vtt' })) });
      track.onload = () => resolve([...track.track.cues].map(({ startTime, endTime, text }) => ({ startTime, endTime, text })));
      track.onerror = () => reject(new Error('not WebVTT'));
      document.body.appendChild(document.createElement('video')).append(track);
      track.track.mode = 'hidden';
    }), captions.text);
    assert.equal(cues.length, rows.length);
    const middle = ([start, end]) => (Number(start) + Number(end)) / 2;
    cues.forEach(({ startTime, text }, index) => {
      // Halfway between the middles of two windows; the last one is shorter.
      const expected = index ? (middle(rows[index - 1]) + middle(rows[index])) / 2 : 0;
      assert.ok(Math.abs(startTime - expected) < 0.01, `${startTime} for ${expected}`);
      assert.match(text, rows[index][2] === 'no-speech' ? /^no speech$/ : /^((Sounds|Perhaps) .*, (&gt; )?\d+ %|Hard to tell)$/);
    });
    const audacity = await saved(page, 'audacity');
    assert.equal(audacity.name, 'long.txt');
    assert.equal(audacity.text.split('\n')[1].split('\t')[0], '3.000');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('says so if two different voices speak in it', async () => {
    // Half a minute of women, then of men; women and a man alone. Workers answer in any order.
    const [woman, man] = [['1049_ITS_HAP_XX.opus', '1049_WSI_HAP_XX.opus', '1053_IEO_ANG_HI.opus'], ['1064_ITS_DIS_XX.opus', '1026_IEO_FEA_HI.opus']];
    const times = (count, names) => Array(count).fill(names).flat();
    for (const [names, isDetected] of [[[...times(4, woman), ...times(6, man)], true], [times(6, woman), false], [times(8, man.slice(1)), false]]) {
      const { context, page, errors } = await site.open();
      await page.setInputFiles('#file', await longRecording(page, 1, 1, names));
      await page.getByRole('button', { name: /^Follow all/ }).click();
      await summary(page).filter({ hasText: 'Hard to tell:' }).waitFor();
      if (isDetected) await summary(page).filter({ hasText: 'Two different voices seem to speak in it' }).waitFor();
      else await page.waitForTimeout(500);
      assert.equal((await summary(page).textContent()).includes('Two different voices'), isDetected, names.join(' '));
      assert.deepEqual(errors, []);
      await context.close();
    }
  });

  test('can be stopped, and keeps what was read', async () => {
    const { context, page, errors } = await followed(200);
    await page.waitForFunction(() => document.querySelector('#moment').max > 8);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await summary(page).filter({ hasText: 'stopped before its end' }).waitFor();
    const rows = rowsOf(await saved(page, 'csv'));
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
    const rows = rowsOf(await saved(page, 'csv')).slice(1).map((row) => row.map(Number));
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
