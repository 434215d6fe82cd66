// Pictures of the page: taken for the README when SCREENSHOTS names a folder, and always checked not to be blank.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chosenModel, launch, open, readingOf, serve } from './support.mjs';

const WIDE = { width: 760, height: 900 };
const PICTURES = {
  'page-light.png': { viewport: WIDE, colorScheme: 'light' },
  'page-dark.png': { viewport: WIDE, colorScheme: 'dark' },
  'page-phone.png': { viewport: { width: 360, height: 740 }, isMobile: true },
  'why-light.png': { viewport: WIDE, colorScheme: 'light', shows: explained },
  'why-dark.png': { viewport: WIDE, colorScheme: 'dark', shows: explained },
};

/** What decided, of a network on pictures. */
async function explained(page) {
  await page.locator('#model').selectOption('ms');
  await chosenModel(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.getByText('Why it said so').click();
  await page.locator('#why-text').filter({ hasText: 'lies between' }).waitFor();
  return page.locator('#why');
}

test('the page makes pictures', async () => {
  const server = await serve();
  const browser = await launch();
  try {
    for (const [name, { shows, ...options }] of Object.entries(PICTURES)) {
      const { context, page } = await open(browser, server.url, options);
      await page.getByRole('button', { name: 'Woman, 25' }).click();
      await readingOf(page, 'Woman, 25');
      await page.mouse.move(0, 0);
      await page.waitForTimeout(400);
      const path = process.env.SCREENSHOTS && join(process.env.SCREENSHOTS, name);
      const part = await shows?.(page);
      const picture = part ? await part.screenshot({ path }) : await page.screenshot({ path, fullPage: !options.isMobile });
      assert.ok(picture.length > 20_000, `${name} has ${picture.length} bytes`);
      await context.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
