// The page in Firefox: loads, reads a clip and a file.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chosenModel, launchFirefox, sample, serve, until } from './support.mjs';

test('Firefox reads a sample clip and a file', async () => {
  const server = await serve();
  const browser = await launchFirefox();
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(server.url);
    await chosenModel(page);
    const read = (source) => until(page,
      (text) => document.querySelector('#meta').textContent.startsWith(text), source);
    await page.click('#samples button');
    await read('Woman, 35');
    const input = await page.$('#file');
    await input.uploadFile(sample('1028_MTI_SAD_XX.opus'));
    await read('1028_MTI_SAD_XX.opus');
    const headline = await page.$eval('#headline', (element) => element.textContent);
    assert.match(headline, /^(Sounds|Perhaps|Hard to tell)/);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});
