// The page in each of its languages.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertAccessible, goTo, readingOf, root, sample, useSite } from './support.mjs';
import { textsOfEngine, textsOfPage, textsOfScripts } from './texts.mjs';

const site = useSite();
/** From the language to its texts. @type {Map<string, Record<string, string>>} */
const languages = new Map();

before(async () => {
  for (const file of await readdir(join(root, 'www/languages'))) {
    languages.set(file.replace('.json', ''), JSON.parse(await readFile(join(root, 'www/languages', file), 'utf8')));
  }
});

const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join(' ');

test('every language has each text, no other, and all placeholders', async () => {
  assert.deepEqual([...languages.keys()].sort(), ['de', 'es', 'fr', 'zh']);
  const texts = new Set([...await textsOfPage(site.browser, site.server.url), ...await textsOfScripts(), ...await textsOfEngine()]);
  assert.ok(texts.size > 200, `only ${texts.size} texts were found`);
  for (const [language, dictionary] of languages) {
    assert.deepEqual([...texts].filter((text) => !Object.hasOwn(dictionary, text)), [], `${language}: missing`);
    assert.deepEqual(Object.keys(dictionary).filter((text) => !texts.has(text)), [], `${language}: unused`);
    for (const [english, text] of Object.entries(dictionary)) {
      assert.equal(placeholders(text), placeholders(english), `${language}: ${text}`);
      assert.ok(text.trim(), `${language}: empty for ${english}`);
    }
  }
});

for (const language of ['de', 'es', 'fr', 'zh']) {
  test(`all visible texts are in ${language}`, async () => {
    const { context, page, errors } = await site.open(
      { bypassCSP: true, locale: language, viewport: { width: 320, height: 700 } });
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    const dictionary = languages.get(language);
    await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
    await readingOf(page, '1028_MTI_SAD_XX.opus');
    await goTo(page, 'why');
    await page.waitForFunction(() => !document.querySelector('#why-play').disabled);
    // English texts that remain are the same in both languages.
    const same = new Set(Object.values(dictionary));
    const english = await page.evaluate(async (keys) => {
      const { textsOf } = await import(new URL('www/page/text.js', location.href).href);
      return textsOf(document.body).map(({ text }) => text).filter((text) => keys.includes(text));
    }, Object.keys(dictionary));
    assert.deepEqual(english.filter((text) => !same.has(text)), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than a phone');
    // A message of the engine, with a number in it.
    await page.setInputFiles('#file', { name: 'text.wav', mimeType: 'audio/wav', buffer: Buffer.from('This is no sound at all.') });
    const [refused] = Object.entries(dictionary).filter(([text]) => text.startsWith('This does not look like an audio file'));
    await page.locator('#problem').filter({ hasText: refused[1] }).waitFor();
    await assertAccessible(page);
    assert.deepEqual(errors, []);
    await context.close();
  });
}

test('a language can be chosen', async () => {
  const { context, page } = await site.open({ locale: 'fr' });
  assert.equal(await page.getByLabel('Langue').inputValue(), 'fr');
  await page.getByLabel('Langue').selectOption('Deutsch');
  await page.getByRole('button', { name: 'Aufnehmen' }).waitFor();
  assert.match(page.url(), /\?lang=de$/);
  await context.close();
});
