// Pictures of each view, checked not to be blank: of one style, or of all and saved for docs/ when SCREENSHOTS names a folder.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chooseModel, chosenModel, goTo, longRecording, readingOf, useSite } from './support.mjs';

const site = useSite();

const LAPTOP = { viewport: { width: 1280, height: 800 } };
const TABLET = { viewport: { width: 820, height: 1180 }, isMobile: true, hasTouch: true };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const STYLES = { light: LAPTOP, dark: { ...LAPTOP, colorScheme: 'dark' }, phone: PHONE };
/** Those of the page itself: three sizes and two themes. */
const ALL_STYLES = {
  ...STYLES, 'phone-dark': { ...PHONE, colorScheme: 'dark' }, tablet: TABLET, 'tablet-dark': { ...TABLET, colorScheme: 'dark' },
};

/** Each view: all of the page, or a part of it. */
const VIEWS = { page, why, compare, follow, save, lesson, embed };

async function page(page) {
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.locator('#waveform-text').filter({ hasText: 'Moment by moment' }).waitFor({ state: 'attached' });
  await page.mouse.move(0, 0);
}

/** The explanation of a model on spectrograms. */
async function why(page) {
  await chooseModel(page, 'ms');
  await chosenModel(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await goTo(page, 'why');
  await page.locator('#why-text').filter({ hasText: 'lies between' }).waitFor();
  return page.locator('#result');
}

async function compare(page) {
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await goTo(page, 'models');
  await page.locator('#agreement').filter({ hasText: 'agree' }).waitFor();
  return page.locator('#result');
}

async function follow(page) {
  await page.setInputFiles('#file', await longRecording(page, 12));
  await page.getByRole('button', { name: /^Follow all/ }).click();
  await page.locator('#timeline-summary').filter({ hasText: 'moments' }).waitFor();
  return page.locator('#timeline');
}

/** What can be taken along: a card, and the list of what was read. */
async function save(page) {
  for (const name of ['Man, 33', 'Woman, 25']) {
    await page.getByRole('button', { name }).click();
    await readingOf(page, name);
  }
  await page.locator('#waveform-text').filter({ hasText: 'Moment by moment' }).waitFor({ state: 'attached' });
  await goTo(page, 'save');
  await page.waitForFunction(() => document.querySelector('#card').naturalWidth > 0);
  return page.locator('#result');
}

async function lesson(page, url) {
  await page.goto(`${url}lesson.html`);
  await page.getByRole('radio', { name: 'happy' }).check();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.locator('#revealed dt').first().waitFor();
  await page.locator('#matrix').scrollIntoViewIfNeeded();
  await page.locator('#matrix td').first().waitFor();
  await page.evaluate(() => scrollTo(0, 0));
}

async function embed(page, url) {
  await page.goto(`${url}www/embed/index.html?model=mfcc1`);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await page.locator('.explained').filter({ hasText: 'asked for' }).waitFor();
}

for (const [name, show] of Object.entries(VIEWS)) {
  test(`pictures of the view “${name}”`, async () => {
    const styles = Object.entries(name === 'page' ? ALL_STYLES : STYLES);
    for (const [style, options] of process.env.SCREENSHOTS ? styles : styles.slice(0, 1)) {
      const { context, page } = await site.open({ ...options, bypassCSP: name === 'follow' });
      const part = await show(page, site.server.url);
      // The bars are animated.
      await page.waitForTimeout(400);
      const path = process.env.SCREENSHOTS && join(process.env.SCREENSHOTS, `${name}-${style}.png`);
      const picture = part ? await part.screenshot({ path }) : await page.screenshot({ path });
      assert.ok(picture.length > 15_000, `${name}-${style} has ${picture.length} bytes`);
      await context.close();
    }
  });
}
