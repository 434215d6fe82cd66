// Classes of a visitor's own: taught from files and the microphone, tried, saved, and opened by somebody else.

import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assertAccessible, chooseModel, chosenModel, fakeMicrophone, goTo, program, root, sample, until, useSite, useTemporaryFolder, wav16 } from './support.mjs';

const run = promisify(execFile);
const lesson = join(root, 'www/lesson/clips');
const LOUD = ['ANG', 'HAP'];
const LOW = ['SAD', 'NEU', 'DIS'];

/** The lesson's first five clips of some emotions. */
async function clipsOf(emotions) {
  const names = (await readdir(lesson)).filter((name) => name.endsWith('.opus')).sort();
  return emotions.flatMap((emotion) => names.filter((name) => name.includes(`_${emotion}_`))).slice(0, 5).map((name) => join(lesson, name));
}

const row = (page, number) => page.locator('#teach-classes li').nth(number - 1);
const said = (page) => page.locator('#teach-said').textContent();

/** Gives a class a name and files. */
async function teach(page, number, name, files) {
  await page.getByLabel(`Name of class ${number}`).fill(name);
  await row(page, number).locator('input[type="file"]').setInputFiles(files);
  await until(page, ([number, count]) => document.querySelectorAll('#teach-classes .count')[number - 1].textContent === `${count} recordings`, [number, files.length]);
}

/** Saves what was taught. @returns {Promise<string>} */
async function saved(page) {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  return readFile(await (await download).path(), 'utf8');
}

describe('classes of one’s own', () => {
  const temporary = useTemporaryFolder();
  const site = useSite({
    args: async () => {
      const path = join(temporary.path, 'voice.wav');
      await run('ffmpeg', ['-loglevel', 'error', '-i', sample('1028_MTI_SAD_XX.opus'), '-ar', '48000', '-ac', '1', path]);
      return fakeMicrophone(path);
    },
  });

  test('are taught from files, separated, saved to the bytes of the command line, and opened elsewhere', { timeout: 600_000 }, async () => {
    const [loud, low] = [await clipsOf(LOUD), await clipsOf(LOW)];
    const { context, page, errors } = await site.open({ acceptDownloads: true });
    await goTo(page, 'teach');
    await assertAccessible(page);
    assert.equal(await page.getByRole('button', { name: 'Save as a file' }).isDisabled(), true);
    await teach(page, 1, 'loud', loud);
    assert.equal(await page.locator('#teach-result').isVisible(), false);
    await teach(page, 2, 'low', low);
    await page.locator('#teach-result').waitFor();
    assert.match(await page.locator('#teach-summary').textContent(), /^Taught without each recording in turn, it tells ([6-9]|10) of 10 right\./);
    assert.equal(await page.locator('#teach-rows tr').count(), 3);
    await assertAccessible(page);
    const text = await saved(page);

    // The command line makes the same of the same files.
    const folder = join(temporary.path, 'classes');
    for (const [name, files] of Object.entries({ loud, low })) {
      await mkdir(join(folder, name), { recursive: true });
      for (const file of files) await cp(file, join(folder, name, file.split('/').at(-1)));
    }
    const out = join(temporary.path, 'classes.json');
    await run(program, ['teach', folder, '--out', out], { cwd: root });
    assert.ok(await readFile(out, 'utf8') === text, 'the page and the command line teach the same');
    const { stdout } = await run(program, ['predict', '--json', '--classes', out, loud[0], low[0]], { cwd: root });
    assert.deepEqual(stdout.trim().split('\n').map((line) => JSON.parse(line).custom.label), ['loud', 'low']);

    // The page takes the folder as well.
    await page.setInputFiles('#teach-folder', folder);
    await until(page, () => document.querySelectorAll('#teach-classes .count').length === 2
      && [...document.querySelectorAll('#teach-classes .count')].every(({ textContent }) => textContent === '5 recordings'));
    await page.locator('#teach-result').waitFor();
    assert.equal(await page.getByLabel('Name of class 1').inputValue(), 'loud');
    await page.setInputFiles('#teach-folder', join(folder, 'loud'));
    await until(page, () => document.querySelector('#problem').textContent.startsWith('Choose a folder with two to twelve folders in it'));
    assert.ok(await page.locator('#teach-result').isVisible(), 'what was taught stays');

    // On another machine.
    const other = await site.open({ permissions: ['microphone'] });
    await goTo(other.page, 'teach');
    await other.page.setInputFiles('#teach-open', { name: 'classes.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await until(other.page, () => document.querySelector('#teach-said').textContent.startsWith('Opened: loud, low.'));
    await other.page.locator('#teach-live').click();
    await until(other.page, () => /(loud|low).* \d+ %/.test(document.querySelector('#teach-said').textContent));
    assert.match(await other.page.locator('#teach-live').textContent(), /^Stop, [\d.]+ s$/);
    // The microphone does not stay on where nobody sees it.
    await goTo(other.page, 'privacy');
    await until(other.page, () => document.querySelector('#teach-live').textContent === 'Follow live');
    assert.deepEqual([...errors, ...other.errors], []);
    await other.context.close();
    await context.close();
  });

  test('are taught and tried by the microphone', async () => {
    const { context, page, errors } = await site.open({ permissions: ['microphone'], hasTouch: true });
    await goTo(page, 'teach');
    const record = row(page, 1).getByRole('button').first();
    await record.tap();
    await until(page, () => /^Stop, [2-9]/.test(document.querySelector('#teach-classes .primary').textContent));
    await record.tap();
    await until(page, () => document.querySelector('#teach-classes .count').textContent === '1 of 5 recordings');
    assert.equal(await record.textContent(), 'Record');
    await teach(page, 2, 'other', await clipsOf(LOUD));
    assert.equal(await said(page), 'Every class needs a name and five recordings.');
    await row(page, 1).locator('input[type="file"]').setInputFiles((await clipsOf(LOW)).slice(0, 4));
    await page.locator('#teach-result').waitFor();
    await page.locator('#teach-try').tap();
    await until(page, () => /^Stop, [2-9]/.test(document.querySelector('#teach-try').textContent));
    await page.locator('#teach-try').tap();
    await until(page, () => /\d %/.test(document.querySelector('#teach-said').textContent));
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('what cannot be taught is refused in words, and nothing taught is lost', async () => {
    const [loud, low] = [await clipsOf(LOUD), await clipsOf(LOW)];
    const { context, page, errors } = await site.open();
    const problem = page.locator('#problem');
    await goTo(page, 'teach');
    await teach(page, 1, 'same', loud);
    await teach(page, 2, 'same', low);
    await until(page, () => document.querySelector('#problem').textContent.startsWith('Each class needs a name of its own'));
    await page.getByLabel('Name of class 2').fill('different');
    await page.getByLabel('Name of class 2').blur();
    await page.locator('#teach-result').waitFor();

    const silence = join(temporary.path, 'silence.wav');
    await writeFile(silence, wav16(new Float32Array(32_000), 16_000));
    await row(page, 1).locator('input[type="file"]').setInputFiles([silence]);
    await until(page, () => document.querySelector('#problem').textContent.includes('There is no voice in it.'));
    await row(page, 1).locator('input[type="file"]').setInputFiles(loud.slice(0, 1));
    await until(page, () => document.querySelector('#problem').textContent.includes('This class has it already.'));
    await page.setInputFiles('#teach-open', { name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
    await until(page, () => document.querySelector('#problem').textContent.startsWith('This is no file of classes'));
    assert.equal(await page.locator('#teach-result').isVisible(), true);
    assert.equal(await row(page, 1).locator('.count').textContent(), '5 recordings');

    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    await row(page, 1).locator('input[type="file"]').setInputFiles(loud.slice(0, 1));
    await until(page, () => document.querySelector('#problem').textContent.startsWith('Only the model Voice can be taught'));
    assert.deepEqual(errors, []);
    await context.close();
  });
});
