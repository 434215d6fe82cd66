// The page's account of its requests and its storage, from end to end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTo, readingOf, sample, useSite } from './support.mjs';

const site = useSite();

const text = (page, id) => page.locator(`#${id}`).textContent();

test('the number of requests is right, and a recording makes none', async () => {
  const { context, page, errors } = await site.open();
  await goTo(page, 'privacy');
  const made = () => site.server.requests.length;
  const shown = async () => Number((await text(page, 'asked')).match(/opened: (\d+), all to this site/)[1]);
  assert.ok(Math.abs(await shown() - made()) <= 3, `${await shown()} shown, ${made()} made`);
  await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
  await readingOf(page, '1028_MTI_SAD_XX.opus');
  assert.match(await text(page, 'asked'), /Since you gave it your last recording: 0\.$/);
  await page.getByRole('button', { name: 'Woman, 25' }).click();
  await readingOf(page, 'Woman, 25');
  // Going from view to view makes none, either.
  await goTo(page, 'privacy');
  await page.locator('#asked').filter({ hasText: 'recording: 1.' }).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test('recordings are read with the network cut', async () => {
  const { context, page } = await site.open();
  await context.setOffline(true);
  await page.setInputFiles('#file', sample('1053_IEO_ANG_HI.opus'));
  await readingOf(page, '1053_IEO_ANG_HI.opus');
  await goTo(page, 'why');
  await page.locator('#why-text').filter({ hasText: 'falls the most' }).waitFor();
  await context.close();
});

test('stored data is listed, and deleted on request', async () => {
  const { context, page, errors } = await site.open();
  await goTo(page, 'privacy');
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
