// What visitors take along: a card of a reading as a picture, and the list of what was read in a tab.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { assertAccessible, chooseModel, chosenModel, goTo, readingOf, useSite } from './support.mjs';

const site = useSite();

async function readSample(page, name) {
  await page.getByRole('button', { name }).click();
  const reading = await readingOf(page, name);
  await page.locator('#waveform-text').filter({ hasText: 'Moment by moment' }).waitFor({ state: 'attached' });
  return reading;
}

/** Saves the card, and returns the file with its name. */
async function saved(page, button) {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** Paints a picture file in the browser; returns its size and the number of pixels of each colour. */
const painted = (page, { bytes }, type) => page.evaluate(async ([bytes, type]) => {
  const picture = new Image();
  picture.src = `data:${type};base64,${bytes}`;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4) {
    const colour = data.slice(i, i + 3).join(', ');
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return { size: [canvas.width, canvas.height], counts };
}, [bytes.toString('base64'), type]);

describe('a card of a reading', () => {
  for (const colorScheme of ['light', 'dark']) {
    test(`is the same as SVG and as PNG, ${colorScheme}`, async () => {
      const { context, page, errors } = await site.open({ colorScheme, bypassCSP: true });
      await goTo(page, 'save');
      assert.equal(await page.locator('#card-empty').textContent(), 'No recording yet.');
      assert.equal(await page.locator('#card').isVisible(), false);
      await goTo(page, 'reading');
      const { headline, explained, shares } = await readSample(page, 'Woman, 25');
      const label = Object.keys(shares).sort((a, b) => Number.parseFloat(shares[b]) - Number.parseFloat(shares[a]))[0];
      await goTo(page, 'save');
      await page.waitForFunction(() => document.querySelector('#card').naturalWidth === 1200);
      const alt = await page.locator('#card').getAttribute('alt');
      assert.ok(alt.startsWith(`${headline}. `) && explained.startsWith(alt.slice(headline.length + 2)), alt);

      const svg = await saved(page, 'Save as SVG');
      assert.match(svg.name, /^Woman 25.*\.svg$/);
      const texts = await page.evaluate((text) => {
        const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
        return [...parsed.querySelectorAll('text')].map(({ textContent }) => textContent);
      }, svg.bytes.toString());
      assert.equal(texts[0], headline);
      for (const expected of ['sottovoce', 'Learnt from actors: it does not know what anyone feels.', label]) {
        assert.ok(texts.includes(expected), `${expected} in ${texts}`);
      }

      const png = await saved(page, 'Save as PNG');
      assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG');
      const colour = await page.evaluate((label) => {
        const probe = document.querySelector(`#bars [data-emotion="${label}"] .track > span`);
        return getComputedStyle(probe).backgroundColor.match(/\d+/g).slice(0, 3).join(', ');
      }, label);
      const [fromSvg, fromPng] = [await painted(page, svg, 'image/svg+xml'), await painted(page, png, 'image/png')];
      assert.deepEqual(fromPng.size, [1200, 630]);
      assert.deepEqual(fromPng, fromSvg);
      // Headline's shape, trace and bar.
      assert.ok(fromPng.counts[colour] > 5_000, `${fromPng.counts[colour]} pixels of ${colour}`);
      await assertAccessible(page);
      assert.deepEqual(errors, []);
      await context.close();
    });
  }

  test('holds the longest sentence of every language', async () => {
    for (const locale of ['de', 'es', 'fr', 'zh']) {
      const { context, page, errors } = await site.open({ locale });
      await page.locator('#samples .disputed').click();
      await page.waitForFunction(() => document.querySelector('#meta').textContent !== '');
      await goTo(page, 'save');
      await page.waitForFunction(() => document.querySelector('#card').naturalWidth === 1200);
      const address = await page.locator('#card').getAttribute('src');
      const alone = await context.newPage();
      await alone.setContent(decodeURIComponent(address.slice(address.indexOf(',') + 1)));
      const outside = await alone.evaluate(() => {
        const boxes = [...document.querySelectorAll('text')].map((text) => {
          const { x, y, width, height } = text.getBBox();
          return { text: text.textContent, x, y, width, height };
        });
        const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
        return [
          ...boxes.filter(({ x, width }) => x < 60 || x + width > 1140).map(({ text }) => text),
          ...boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => overlap(a, b) && Math.abs(a.y - b.y) < 30 && Math.abs(a.x - b.x) > 1).map((b) => `${a.text} over ${b.text}`)),
        ];
      });
      assert.deepEqual(outside, [], locale);
      assert.deepEqual(errors, []);
      await context.close();
    }
  });
});

describe('the list of what was read', () => {
  const rows = (page) => page.locator('#session-rows tr').allTextContents();

  test('has each recording and model once, prints by itself, and is cleared', async () => {
    const { context, page, errors } = await site.open();
    const first = await readSample(page, 'Woman, 25');
    await readSample(page, 'Man, 33');
    await readSample(page, 'Woman, 25');
    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    await page.waitForFunction(() => document.querySelector('#meta').textContent.includes('mfcc1'));
    await goTo(page, 'save');
    await page.locator('#session-rows').getByText('Woman, 25').nth(1).waitFor();
    const list = await rows(page);
    assert.equal(list.length, 3, list.join('\n'));
    assert.ok(list[0].includes(`“We’ll stop in a couple of minutes”${first.headline}`) && list[0].endsWith('voice'), list[0]);
    assert.match(list[1], /Man, 33.*voice$/);
    assert.match(list[2], /Woman, 25.*mfcc1$/);

    await page.emulateMedia({ media: 'print' });
    for (const selector of ['#input', '.depths', '#session-print', '#waveform', '#language']) {
      assert.equal(await page.locator(selector).isVisible(), false, selector);
    }
    for (const selector of ['#card', '#session-rows', '#session-date', 'footer p']) {
      assert.equal(await page.locator(selector).first().isVisible(), true, selector);
    }
    await page.emulateMedia({ media: 'screen' });
    const printed = page.evaluate(() => new Promise((resolve) => { globalThis.print = () => resolve(true); }));
    await page.getByRole('button', { name: 'Print this list' }).click();
    assert.equal(await printed, true);

    await page.getByRole('button', { name: 'Clear the list' }).click();
    assert.deepEqual(await rows(page), []);
    assert.equal(await page.getByRole('button', { name: 'Print this list' }).isEnabled(), false);
    assert.deepEqual(errors, []);
    await context.close();
  });
});
