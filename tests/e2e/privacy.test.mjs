// What the page says of itself and the network, from end to end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hosted, open, readingOf, sample } from './support.mjs';

const site = hosted();

const text = (page, id) => page.locator(`#${id}`).textContent();

test('the requests that it tells are those that were made, and a recording makes none', async () => {
  const { context, page, errors } = await open(site.browser, site.server.url);
  await page.getByText('Check it').click();
  const made = () => site.server.asked.length;
  const told = async () => Number((await text(page, 'asked')).match(/opened: (\d+), all to this site/)[1]);
  assert.ok(Math.abs(await told() - made()) <= 3, `${await told()} told, ${made()} made`);
  await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
  await readingOf(page, '1028_MTI_SAD_XX.opus');
  assert.match(await text(page, 'asked'), /Since you gave it your last recording: 0\.$/);
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  await readingOf(page, 'Woman, 25');
  await page.locator('#asked').filter({ hasText: 'recording: 1.' }).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test('recordings are read with the network cut', async () => {
  const { context, page } = await open(site.browser, site.server.url);
  await context.setOffline(true);
  await page.setInputFiles('#file', sample('1053_IEO_ANG_HI.opus'));
  await readingOf(page, '1053_IEO_ANG_HI.opus');
  await page.getByText('Why it said so').click();
  await page.locator('#why-text').filter({ hasText: 'falls the most' }).waitFor();
  await context.close();
});

test('what is kept is told, and deleted when told to', async () => {
  const { context, page, errors } = await open(site.browser, site.server.url);
  await page.getByText('Check it').click();
  await page.locator('#kept').filter({ hasText: /keeps \d+\.\d MB of this page and its models.* It keeps no recordings\.$/ }).waitFor();
  const kept = () => page.evaluate(async () => (await caches.keys()).length);
  assert.ok(await kept() > 0);
  await page.getByRole('button', { name: 'Delete what is kept' }).click();
  await page.locator('#kept').filter({ hasText: 'keeps nothing of this page' }).waitFor();
  assert.equal(await kept(), 0);
  assert.ok(await page.getByRole('button', { name: 'Delete what is kept' }).isDisabled());
  assert.deepEqual(errors, []);
  await context.close();
});
