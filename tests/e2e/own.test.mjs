// Visitors' own models and speech encoders, in headless Chromium.
//
// tests/fixtures/own-model was trained on CREMA-D's first speakers behind the small encoder with random weights that
// tests/fixtures/encoders/hubert_base is, imported under the name "small": `sottovoce train wav2vec2 --encoder
// encoders/small --unfreeze-last 0 --epochs 4`. It knows an encoder by the hashes of its files, so that it reads only if
// the tab makes of the published folder, bit for bit, what the command line makes of it.

import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosenModel, readingOf, root, useSite } from './support.mjs';

const fixtures = join(root, 'tests/fixtures');

/** Drops a folder on the page, as far as a script can: its entries are mocks, its files are real. */
async function dropFolder(page, name, paths) {
  const files = await Promise.all(Object.entries(paths).map(async ([file, path]) => ({
    file, base64: (await readFile(path)).toString('base64'),
  })));
  await page.evaluate(({ name, files }) => {
    const made = files.map(({ file, base64 }) =>
      new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
    const entries = made.map((file) => ({ name: file.name, isFile: true, isDirectory: false, file: (give) => give(file) }));
    const readers = () => {
      const left = [entries];
      return { readEntries: (give) => give(left.pop() ?? []) };
    };
    const folder = { name, isFile: false, isDirectory: true, createReader: readers };
    const event = new DragEvent('drop', { bubbles: true, cancelable: true });
    const dataTransfer = { types: ['Files'], files: [], items: [{ webkitGetAsEntry: () => folder }] };
    Object.defineProperty(event, 'dataTransfer', { value: dataTransfer });
    document.body.dispatchEvent(event);
  }, { name, files });
}

const ENCODER = {
  'config.json': join(fixtures, 'encoders/hubert_base.config.json'),
  'model.safetensors': join(fixtures, 'encoders/hubert_base.weights.safetensors'),
};
const MODEL = {
  'model.json': join(fixtures, 'own-model/model.json'),
  'model.safetensors': join(fixtures, 'own-model/model.safetensors'),
};

describe('models and encoders of one’s own', () => {
  const site = useSite();

  const stored = (page) => page.locator('#own-list li');
  const problem = (page) => page.locator('#problem');

  test('a model names its missing encoder, and works once that is imported, on the next visit, too', async () => {
    const { context, page, errors } = await site.open();
    await dropFolder(page, 'wav2vec2', MODEL);
    await page.waitForFunction(() => document.querySelectorAll('#own-list li').length === 1);
    assert.match(await stored(page).textContent(), /^wav2vec2: model, needs the speech encoder small/);
    await page.getByLabel('Model', { exact: true }).selectOption('own/wav2vec2');
    await page.waitForFunction(() => document.querySelector('#problem').textContent !== '');
    assert.match(await problem(page).textContent(), /listens through the speech encoder small, which must be imported first/);
    assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), 'voice', 'the one before stays in use');

    await dropFolder(page, 'published', ENCODER);
    await page.waitForFunction(() => document.querySelectorAll('#own-list li').length === 2);
    assert.deepEqual((await stored(page).allTextContents()).map((text) => text.replace('Remove', '')), [
      'wav2vec2: model, right in 33 % of clips, 52.0 kB', 'published: speech encoder of 3 layers, 37.8 kB',
    ]);
    await page.reload();
    await chosenModel(page);
    await page.getByLabel('Model', { exact: true }).selectOption('own/wav2vec2');
    await chosenModel(page);
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    await page.waitForFunction(() => document.querySelector('#meta').textContent.includes('wav2vec2'));
    const { shares } = await readingOf(page, 'Woman, 35');
    assert.equal(Object.keys(shares).length, 7);
    assert.match(await page.locator('#accuracy').textContent(), /^The chosen model is wav2vec2, .* in 33 % of 468 clips/);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('a file of torch.save is imported, and can be removed', async () => {
    const { context, page, errors } = await site.open();
    await dropFolder(page, 'hubert-base', {
      'config.json': ENCODER['config.json'],
      'pytorch_model.bin': join(fixtures, 'encoders/hubert_base.pytorch_model.bin'),
    });
    await page.waitForFunction(() => document.querySelectorAll('#own-list li').length === 1);
    assert.match(await stored(page).textContent(), /^hubert-base: speech encoder of 3 layers/);
    await page.getByRole('button', { name: 'Remove hubert-base' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#own-list li').length === 0);
    await page.reload();
    await chosenModel(page);
    assert.equal(await stored(page).count(), 0);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('invalid folders are refused with the reason, and nothing is stored', async () => {
    const { context, page } = await site.open();
    const refused = async (folder, name = 'broken') => {
      await dropFolder(page, name, folder);
      await page.waitForFunction(() => document.querySelector('#problem').textContent !== '');
      const text = await problem(page).textContent();
      assert.equal(await page.locator('#loading').isHidden(), true);
      return text;
    };
    const { 'config.json': config, 'model.safetensors': weights } = ENCODER;
    assert.match(await refused({ 'config.json': config }), /^broken: .*neither model\.safetensors nor pytorch_model\.bin/);
    const other = join(fixtures, 'encoders/whisper.weights.safetensors');
    assert.match(await refused({ 'config.json': config, 'model.safetensors': other }), /do not fit .*missing \[/);
    assert.match(await refused({ 'config.json': weights, 'model.safetensors': weights }), /config\.json cannot be used/);
    assert.match(await refused({ 'model.json': MODEL['model.json'] }), /lacks model\.safetensors/);
    assert.match(await refused({ 'model.json': config }), /model\.json is not what sottovoce writes/);
    assert.equal(await stored(page).count(), 0);
    await context.close();
  });

  test('a folder is chosen with the keyboard, too', async () => {
    const { context, page } = await site.open();
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
    try {
      for (const [name, path] of Object.entries(ENCODER)) await cp(path, join(folder, name));
      await page.getByRole('link', { name: 'Settings' }).focus();
      await page.keyboard.press('Enter');
      await page.getByLabel('Choose a folder', { exact: true }).focus();
      await page.locator('#folder').setInputFiles(folder);
      await page.waitForFunction(() => document.querySelectorAll('#own-list li').length === 1);
      assert.match(await stored(page).textContent(), /speech encoder of 3 layers/);
    } finally {
      await rm(folder, { recursive: true });
    }
    await context.close();
  });
});
