// Recordings of one person: what the page says of a speaker reference, and what it changes.

import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { assertAccessible, chooseModel, chosenModel, goTo, reading, readingOf, sample, until, useSite } from './support.mjs';

/** Two of one actor, and one of another. */
const [FIRST, SECOND, OTHER] = ['1049_ITS_HAP_XX.opus', '1049_WSI_HAP_XX.opus', '1028_MTI_SAD_XX.opus'];

const known = (page) => page.locator('#speaker-known').textContent();

async function readFileOf(page, name) {
  await page.setInputFiles('#file', sample(name));
  return readingOf(page, name);
}

/** Says that all recordings are of one person. */
async function choose(page) {
  await goTo(page, 'speaker');
  await page.getByLabel('My recordings are all of the same person').check();
}

/** Waits until the reading on the page is conditioned on a reference, or is not. */
const conditioned = (page, isConditioned = true) => until(page,
  (isConditioned) => document.querySelector('#speaker-change').hidden !== isConditioned, isConditioned);

describe('recordings of one person', () => {
  const site = useSite();

  test('are compared once a visitor says so, and no longer once the voice is forgotten', async () => {
    const { context, page, errors } = await site.open();
    const offer = page.locator('#speaker-offer');
    await readFileOf(page, FIRST);
    assert.equal(await offer.isVisible(), false);
    const alone = await readFileOf(page, SECOND);
    assert.equal(await offer.isVisible(), true);
    await page.getByRole('button', { name: 'Yes, compare them' }).click();
    await conditioned(page);
    const together = await reading(page);
    assert.notDeepEqual(together.shares, alone.shares);
    assert.equal(await offer.isVisible(), false);

    await goTo(page, 'speaker');
    assert.match(await known(page), /^Known from 2 recordings, [3-9] s in all\. They /);
    const changed = await page.locator('#speaker-changed').textContent();
    assert.ok(changed.startsWith(`With the other recordings: ${together.headline}.`) && changed.endsWith(`By itself: ${alone.headline}.`), changed);
    assert.equal(await page.locator('#speaker-rows tr').count(), 7);
    await assertAccessible(page);

    await page.getByRole('button', { name: 'Forget this voice' }).click();
    await conditioned(page, false);
    assert.deepEqual((await reading(page)).shares, alone.shares);
    assert.match(await known(page), /^Nothing yet/);
    assert.equal(await page.getByLabel('My recordings are all of the same person').isChecked(), false);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('are conditioned on all others if they come at once, in any order', async () => {
    const { context, page, errors } = await site.open();
    await choose(page);
    const readAll = async (names) => {
      await page.setInputFiles('#file', names.map((name) => sample(name)));
      await page.waitForFunction((count) => document.querySelectorAll('.files li').length === count, names.length);
      const shares = {};
      for (const name of names) {
        await goTo(page, 'reading');
        await page.locator('.files button', { hasText: name }).click();
        shares[name] = (await readingOf(page, name)).shares;
      }
      await goTo(page, 'speaker');
      assert.match(await known(page), /^Known from 3 recordings/);
      await page.getByRole('button', { name: 'Forget this voice' }).click();
      await until(page, () => document.querySelector('#speaker-known').textContent.startsWith('Nothing yet'));
      await page.getByLabel('My recordings are all of the same person').check();
      return shares;
    };
    const names = [FIRST, SECOND, OTHER];
    assert.deepEqual(await readAll(names), await readAll(names.toReversed()));
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('are forgotten with the tab unless a visitor keeps the voice, and what is kept can be deleted', async () => {
    const { context, page, errors } = await site.open();
    await choose(page);
    await readFileOf(page, FIRST);
    await page.waitForFunction(() => document.querySelector('#speaker-known').textContent.startsWith('Known from 1'));
    const reload = async () => {
      await page.reload();
      await chosenModel(page);
    };
    await reload();
    assert.equal(await page.evaluate(() => localStorage.length), 0);

    await page.getByLabel('My recordings are all of the same person').check();
    await readFileOf(page, FIRST);
    await page.getByRole('button', { name: 'Keep it for the next visit' }).click();
    await until(page, () => document.querySelector('#speaker-kept').textContent.startsWith('It is kept'));
    await reload();
    await readFileOf(page, SECOND);
    await conditioned(page);
    assert.match(await known(page), /^Known from 2 recordings/);

    await goTo(page, 'privacy');
    await until(page, () => document.querySelector('#kept').textContent.includes('what it knows of your voice'));
    await page.getByRole('button', { name: 'Delete what is kept' }).click();
    await until(page, () => document.querySelector('#forget').disabled);
    await reload();
    assert.equal(await page.locator('#same-speaker').isChecked(), false);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('sample clips are neither compared nor remembered; a model without references says so', async () => {
    const { context, page, errors } = await site.open();
    const clip = page.locator('#samples button').first();
    const source = await clip.getAttribute('data-source');
    await clip.click();
    const before = await readingOf(page, source);
    await choose(page);
    await readFileOf(page, FIRST);
    await until(page, () => document.querySelector('#speaker-known').textContent.startsWith('Known from 1'));
    await clip.click();
    assert.deepEqual((await readingOf(page, source)).shares, before.shares);
    assert.match(await known(page), /^Known from 1 recording/);

    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    await readFileOf(page, SECOND);
    await until(page, () => document.querySelector('#speaker-known').textContent.startsWith('This model reads each recording by itself'));
    assert.equal(await page.locator('#problem').textContent(), '');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('the file’s name is not kept with the voice', async () => {
    const { context, page } = await site.open();
    await choose(page);
    await readFileOf(page, FIRST);
    await page.getByRole('button', { name: 'Keep it for the next visit' }).click();
    await until(page, () => localStorage.length === 1);
    const text = await page.evaluate(() => localStorage.getItem(localStorage.key(0)));
    assert.ok(!text.includes(basename(FIRST)) && text.length < 50_000, `${text.length} characters`);
    await context.close();
  });
});
