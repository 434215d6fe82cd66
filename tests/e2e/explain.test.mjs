// Explanations of a reading, and the front end step by step, from end to end.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAccessible, chooseModel, chosenModel, goTo, readingOf, useSite } from './support.mjs';

const site = useSite({ args: ['--autoplay-policy=no-user-gesture-required'] });

/** The page with a sample clip that a model has read. */
async function withReading(model) {
  // Only the test adds a script to the page.
  const opened = await site.open({ bypassCSP: true });
  await chooseModel(opened.page, model);
  await chosenModel(opened.page);
  await opened.page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(opened.page, 'Woman, 35');
  return opened;
}

const text = (page, id) => page.locator(`#${id}`).textContent();
const shown = async (page, id, pattern) => {
  await page.locator(`#${id}`).filter({ hasText: pattern }).waitFor();
  return text(page, id);
};

/** A checksum of a canvas. */
const picture = (page, id) => page.evaluate((id) => {
  const canvas = document.getElementById(id);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, i) => (sum * 31 + value * (i % 7)) % 1_000_003, 0);
}, id);

describe('why it said so', () => {
  test('a network on pictures shows its heat, for any emotion', async () => {
    const { context, page, errors } = await withReading('ms');
    await goTo(page, 'why');
    const first = await shown(page, 'why-text', /What raised angry the most lies between .* kHz/);
    const before = await picture(page, 'why-picture');
    await page.locator('#why-opacity').fill('0');
    const without = await picture(page, 'why-picture');
    assert.notEqual(without, before, 'the slider takes the heat away');
    await page.locator('#why-opacity').fill('75');
    assert.equal(await picture(page, 'why-picture'), before);
    await page.locator('#why-emotion').selectOption('disgust');
    assert.notEqual(await shown(page, 'why-text', 'disgust'), first);
    assert.notEqual(await picture(page, 'why-picture'), before);
    await assertAccessible(page);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('gradients are loaded when they are needed, and with the model that is chosen', async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const full = [];
    page.on('request', (request) => { full.push(...request.url().match(/sottovoce_full\.wasm$/)?.slice(0, 1) ?? []); });
    await page.goto(site.server.url);
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    await readingOf(page, 'Woman, 35');
    await chosenModel(page);
    await goTo(page, 'why');
    await shown(page, 'why-text', 'Without its parts');
    assert.deepEqual(full, [], 'occlusion needs none');
    await chooseModel(page, 'ms');
    await shown(page, 'why-text', 'What raised');
    assert.equal(full.length, 1);
    await chooseModel(page, 'mfcc1');
    await shown(page, 'why-text', 'What raised');
    assert.equal(full.length, 1, 'the browser keeps it');
    await context.close();
  });

  test('without the network, an explanation that was never loaded is refused, and comes once it is back', async () => {
    const { context, page } = await withReading('ms');
    await page.route('**/sottovoce_full.*', (route) => route.abort());
    await goTo(page, 'why');
    await page.locator('#problem').filter({ hasText: 'Check the connection' }).waitFor();
    await page.unroute('**/sottovoce_full.*');
    await page.locator('#why-emotion').selectOption('sad');
    await shown(page, 'why-text', 'What raised sad');
    await context.close();
  });

  test('the seconds that decided are marked, played, and checked', async () => {
    const { context, page, errors } = await withReading('voice');
    // Every moment has its colour.
    await shown(page, 'waveform-text', 'Moment by moment');
    const unmarked = await picture(page, 'waveform');
    await goTo(page, 'why');
    const sentence = await shown(page, 'why-text', /Without its parts one by one, angry falls the most between/);
    const [from, to] = sentence.match(/between ([\d.]+) and ([\d.]+) s/).slice(1).map(Number);
    assert.ok(from >= 0 && to > from + 0.2, sentence);
    assert.notEqual(await picture(page, 'waveform'), unmarked);
    const play = page.getByRole('button', { name: `Play ${from.toFixed(1)} to ${to.toFixed(1)} s` });
    await page.evaluate(() => {
      const player = document.querySelector('#player');
      globalThis.played = [];
      player.addEventListener('seeked', () => globalThis.played.push(player.currentTime), { once: true });
      player.addEventListener('pause', () => globalThis.played.push(player.currentTime), { once: true });
    });
    await play.click();
    await page.waitForFunction(() => globalThis.played.length === 2);
    const [began, ended] = await page.evaluate(() => globalThis.played);
    assert.ok(Math.abs(began - from) < 0.06 && ended > to - 0.06 && ended < to + 0.5, `${began} to ${ended}, for ${sentence}`);
    await page.getByRole('button', { name: 'Read it without them' }).click();
    const checked = await shown(page, 'why-checked', /goes from/);
    const [before, after] = checked.match(/from [>< ]*(\d+) % to [>< ]*(\d+) %/).slice(1).map(Number);
    assert.ok(after < before, checked);
    // Another clip replaces all of it by its own explanation.
    await page.getByRole('button', { name: 'Woman, 45' }).click();
    await shown(page, 'why-text', /(fear|sad|disgust|happy|neutral|surprise)/);
    assert.equal(await text(page, 'why-checked'), '');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('an explanation can be cancelled, and started again', async () => {
    const { context, page, errors } = await withReading('voice');
    // Requests are held back until the button is pressed. The workers are the sealed frame's.
    await page.evaluate(() => {
      const workers = document.querySelector('iframe').contentWindow.Worker.prototype;
      const post = workers.postMessage;
      const isPressed = new Promise((resolve) => { globalThis.release = resolve; });
      workers.postMessage = function held(message, ...rest) {
        (message.type === 'predictOccluded' ? isPressed : Promise.resolve()).then(() => post.call(this, message, ...rest));
      };
    });
    await goTo(page, 'why');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.evaluate(() => globalThis.release());
    await shown(page, 'why-text', 'Stopped before every part was tried');
    await page.evaluate(() => document.querySelector('#why-emotion').dispatchEvent(new Event('change')));
    await shown(page, 'why-text', 'angry falls the most');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('the encoder shows its attention weights, and embeddings their variance', async () => {
    const { context, page, errors } = await withReading('voice');
    await goTo(page, 'inside');
    await shown(page, 'variance-text', 'voice has read one clip');
    assert.match(await text(page, 'look-text'), /^Layer 1, head 1: .* \d\.\d\d s away on average\.$/);
    assert.equal(await page.locator('#head option').count(), 6);
    const first = await picture(page, 'look');
    await page.locator('#layer').selectOption('3');
    await page.locator('#head').selectOption('2');
    assert.match(await text(page, 'look-text'), /^Layer 3, head 2/);
    assert.notEqual(await picture(page, 'look'), first);
    await page.getByRole('button', { name: 'Woman, 45' }).click();
    const variance = await shown(page, 'variance-text', 'Over the 2 clips');
    assert.equal(variance.match(/most are ([\d, ]+);/)[1].split(', ').length, 10);
    await assertAccessible(page);
    assert.deepEqual(errors, []);
    await context.close();
  });
});

describe('how sound becomes numbers', () => {
  test('each step shows its numbers, and the knobs their effect', async () => {
    const { context, page, errors } = await withReading('mfcc1');
    await goTo(page, 'inside');
    await goTo(page, 'steps');
    assert.match(await shown(page, 'walk-text', 'The clip becomes'), /^At \d\.\d\d s\. The clip becomes 41 × 216 numbers, as the models see it\.$/);
    const spectrum = page.getByRole('slider', { name: 'The spectrum' });
    await spectrum.focus();
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowRight');
    // Three bins of 16,000 / 2,048 Hz.
    assert.match(await spectrum.getAttribute('aria-valuetext'), /^23 Hz: -?[\d.]+ dB$/);
    await page.locator('#walk-window').selectOption('512');
    await shown(page, 'walk-text', 'an experiment that no model sees');
    assert.match(await spectrum.getAttribute('aria-valuetext'), /^94 Hz/);
    await page.locator('#walk-bands').selectOption('20');
    await shown(page, 'walk-text', '21 × 216');
    const before = await picture(page, 'walk-mfcc-picture');
    await page.locator('#walk-hop').selectOption('512');
    await shown(page, 'walk-text', '21 × 126');
    // Windows that leave gaps are not offered.
    await page.locator('#walk-window').selectOption('256');
    await shown(page, 'walk-text', '21 × 401');
    assert.ok(await page.locator('#walk-hop option[value="512"]').isDisabled());
    assert.notEqual(await picture(page, 'walk-mfcc-picture'), before);
    await assertAccessible(page);
    assert.deepEqual(errors, []);
    await context.close();
  });
});
