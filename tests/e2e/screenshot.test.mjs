// Pictures of each view: saved for docs/ when SCREENSHOTS names a folder, and always checked not to be blank.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chosenModel, longRecording, readingOf, useSite } from './support.mjs';

const site = useSite();

const STYLES = {
  light: { viewport: { width: 760, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 760, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true },
};

/** Each view: all of the page, or a part of it. */
const VIEWS = { page, why, compare, follow, lesson, embed };

async function page(page) {
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  await readingOf(page, 'Woman, 25');
  await page.mouse.move(0, 0);
}

/** The explanation of a model on spectrograms. */
async function why(page) {
  await page.locator('#model').selectOption('ms');
  await chosenModel(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.getByText('Why it said so').click();
  await page.locator('#why-text').filter({ hasText: 'lies between' }).waitFor();
  return page.locator('#why');
}

async function compare(page) {
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.getByText('Ask every model').click();
  await page.locator('#agreement').filter({ hasText: 'agree' }).waitFor();
  return page.locator('#compare');
}

async function follow(page) {
  await page.setInputFiles('#file', await longRecording(page, 12));
  await page.getByRole('button', { name: /^Follow all/ }).click();
  await page.locator('#timeline-summary').filter({ hasText: 'moments' }).waitFor();
  return page.locator('#timeline');
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
    for (const [style, options] of Object.entries(STYLES)) {
      const { context, page } = await site.open({ ...options, bypassCSP: name === 'follow' });
      const part = await show(page, site.server.url);
      // The bars are animated.
      await page.waitForTimeout(400);
      const path = process.env.SCREENSHOTS && join(process.env.SCREENSHOTS, `${name}-${style}.png`);
      const picture = part ? await part.screenshot({ path }) : await page.screenshot({ path, fullPage: !options.isMobile });
      assert.ok(picture.length > 15_000, `${name}-${style} has ${picture.length} bytes`);
      await context.close();
    }
  });
}
