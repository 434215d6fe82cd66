// Every model on one clip, from end to end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertAccessible, chooseModel, chosenModel, goTo, readingOf, sample, useSite } from './support.mjs';

const site = useSite();

const rows = (page) => page.locator('#compare-rows tr').evaluateAll((rows) =>
  rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

test('every model reads the clip on the page, as it does outside the comparison', async () => {
  // Only the test adds a script to the page.
  const { context, page, errors } = await site.open({ bypassCSP: true });
  await page.setInputFiles('#file', sample('1064_ITS_DIS_XX.opus'));
  const alone = await readingOf(page, '1064_ITS_DIS_XX.opus');
  await goTo(page, 'models');
  await page.locator('#agreement').filter({ hasText: 'first' }).waitFor();
  const table = await rows(page);
  assert.deepEqual(table.map(([name]) => name).toSorted(), ['baseline', 'hubert-small', 'mfcc1', 'mfcc2', 'ms', 'voice', 'wav2vec2-small']);
  for (const [name, says, known, fresh, size, took] of table) {
    const manifest = JSON.parse(await readFile(new URL(`../../models/shipped/${name}/model.json`, import.meta.url), 'utf8'));
    assert.match(says, /^(Sounds|Perhaps|Hard to tell).*, [<>]? ?\d+ %$/);
    assert.equal(known, `${Math.round(100 * manifest.metrics.accuracy)} %`);
    assert.match(fresh, /^\d\d %$/);
    assert.match(size, /^\d\.\d MB$/);
    assert.match(took, /^\d+ ms, processor$/);
  }
  assert.ok(table.find(([name]) => name === 'voice')[1].startsWith(alone.headline));
  // The summary names every model.
  const agreement = await page.locator('#agreement').textContent();
  for (const [name] of table) assert.ok(agreement.includes(name), agreement);
  // Another model on the page changes nothing here; another clip does.
  await chooseModel(page, 'mfcc1');
  await chosenModel(page);
  assert.equal((await rows(page)).length, 7);
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  // The earlier clip's table stays until the next is read.
  await readingOf(page, 'Woman, 35');
  await page.locator('#agreement').filter({ hasText: /angry first/ }).waitFor();
  assert.equal((await rows(page)).length, 7);
  assert.deepEqual(errors, []);
  await context.close();
});

test('the comparison can be cancelled', async () => {
  const { context, page, errors } = await site.open();
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.route('**/models/ms/model.safetensors', () => {});
  await goTo(page, 'models');
  await page.locator('#loading-text').filter({ hasText: 'Asking ms' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('#agreement').filter({ hasText: 'of 7 were asked' }).waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});
