// Recordings with a voice on each channel, and those that the browser decodes, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fixture, openBlank, reading, readingOf, useSite } from './support.mjs';

const site = useSite();

/** Chooses a channel, and waits until another reading is there than before. */
async function choose(page, channel) {
  const { shares } = await reading(page);
  await page.getByLabel('Channel').selectOption(channel);
  await page.waitForFunction((before) => [...document.querySelectorAll('#bars li')]
    .some((row) => row.querySelector('.track > span').style.width !== before[row.dataset.emotion]), shares);
  return reading(page);
}

test('of a call, either side can be read and followed', async () => {
  const { context, page, errors } = await site.open();
  const choice = page.getByLabel('Channel');
  await page.setInputFiles('#file', fixture('s16.wav'));
  await readingOf(page, 's16.wav');
  assert.ok(await choice.isHidden());

  await page.setInputFiles('#file', fixture('call.ogg'));
  const { notes } = await readingOf(page, 'call.ogg');
  assert.match(notes[0], /two voices, one on each channel/);
  assert.deepEqual((await choose(page, 'left')).notes, []);
  assert.deepEqual((await choose(page, 'right')).notes, []);
  assert.match((await choose(page, 'both')).notes[0], /two voices/);

  await page.getByRole('button', { name: /^Follow all/ }).click();
  await page.locator('#timeline-summary').filter({ hasText: 'moments' }).waitFor();
  assert.match(await page.locator('#timeline-summary').textContent(), /two voices, one on each channel/);

  await page.setInputFiles('#file', fixture('second-track.m4a'));
  assert.match((await readingOf(page, 'second-track.m4a')).notes[0], /first sound track of this file is silent/);
  assert.ok(await choice.isHidden());
  assert.deepEqual(errors, []);
  await context.close();
});

test('programs choose a channel, too', async () => {
  const page = await site.browser.newPage();
  await openBlank(page, site.server);
  const call = [...await readFile(fixture('call.ogg'))];
  const results = await page.evaluate(async ([api, bytes]) => {
    const { analyze } = await import(api);
    const call = new Blob([new Uint8Array(bytes)]);
    const of = async (channel) => {
      const { report } = await analyze(call, { channel });
      return [report.probabilities.angry, ...report.notes.map(({ code }) => code)];
    };
    return { both: await of(undefined), left: await of('left'), first: await of(1), right: await of(2), missing: await of(3).catch(({ code }) => code) };
  }, [`${site.server.url}www/api.js`, call]);
  assert.deepEqual(results.both.slice(1), ['dual-channel']);
  assert.deepEqual(results.left, results.first);
  assert.notDeepEqual(results.left, results.right);
  assert.equal(results.right.length, 1);
  assert.equal(results.missing, 'no-such-channel');
  await page.close();
});

test('what the browser decodes is mixed by the same rule', async () => {
  const page = await site.browser.newPage();
  await openBlank(page, site.server);
  const levels = await page.evaluate(async ([engines, clip]) => {
    const { engineOf } = await import(engines);
    const context = new OfflineAudioContext(1, 1, 16_000);
    const voice = (await context.decodeAudioData(await (await fetch(clip)).arrayBuffer())).getChannelData(0);
    const silence = new Float32Array(voice.length);
    const of = async (channels) => {
      const { report } = await engineOf('mfcc1').ask({ type: 'channels', channels, rateHz: 16_000 });
      return [report.quality.level_dbfs, ...report.notes.map(({ code }) => code)];
    };
    return {
      mono: await of([voice]),
      inverted: await of([voice, voice.map((sample) => -sample)]),
      centre: await of([silence, silence, voice, silence, silence, silence]),
    };
  }, [`${site.server.url}www/engine/engines.js`, `${site.server.url}www/samples/1049_ITS_HAP_XX.opus`]);
  const [level] = levels.mono;
  assert.deepEqual(levels.inverted, [level, 'channels-cancel']);
  assert.ok(Math.abs(levels.centre[0] - level) < 0.01, `${levels.centre}`);
  await page.close();
});
