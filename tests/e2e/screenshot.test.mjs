// Pictures of the page: taken for the README when SCREENSHOTS names a folder, and always checked not to be blank.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { launch, open, readingOf, serve } from './support.mjs';

const PICTURES = {
  'page-light.png': { viewport: { width: 760, height: 900 }, colorScheme: 'light' },
  'page-dark.png': { viewport: { width: 760, height: 900 }, colorScheme: 'dark' },
  'page-phone.png': { viewport: { width: 360, height: 740 }, isMobile: true },
};

test('the page with a reading makes a picture', async () => {
  const server = await serve();
  const browser = await launch();
  try {
    for (const [name, options] of Object.entries(PICTURES)) {
      const { context, page } = await open(browser, server.url, options);
      await page.getByRole('button', { name: 'Woman, 25' }).click();
      await readingOf(page, 'Woman, 25');
      await page.mouse.move(0, 0);
      await page.waitForTimeout(400);
      const path = process.env.SCREENSHOTS && join(process.env.SCREENSHOTS, name);
      const picture = await page.screenshot({ path, fullPage: !options.isMobile });
      assert.ok(picture.length > 20_000, `${name} has ${picture.length} bytes`);
      await context.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
