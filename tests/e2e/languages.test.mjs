// The page in each of its languages.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, readingOf, root, sample, serve } from './support.mjs';
import { textsOfEngine, textsOfPage, textsOfScripts } from './texts.mjs';

let server;
let browser;
/** From the language to its texts. @type {Map<string, Record<string, string>>} */
const languages = new Map();

before(async () => {
  server = await serve();
  browser = await launch();
  for (const file of await readdir(join(root, 'www/languages'))) {
    languages.set(file.replace('.json', ''), JSON.parse(await readFile(join(root, 'www/languages', file), 'utf8')));
  }
});

after(async () => {
  await browser.close();
  await server.close();
});

const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join(' ');

test('no language lacks a text, has one too many, or leaves something out of one', async () => {
  assert.deepEqual([...languages.keys()].sort(), ['de', 'es', 'fr', 'zh']);
  const texts = new Set([...await textsOfPage(browser, server.url), ...await textsOfScripts(), ...await textsOfEngine()]);
  assert.ok(texts.size > 200, `only ${texts.size} texts were found`);
  for (const [language, dictionary] of languages) {
    assert.deepEqual([...texts].filter((text) => !Object.hasOwn(dictionary, text)), [], `${language} lacks`);
    assert.deepEqual(Object.keys(dictionary).filter((text) => !texts.has(text)), [], `${language} has in vain`);
    for (const [english, text] of Object.entries(dictionary)) {
      assert.equal(placeholders(text), placeholders(english), `${language}: ${text}`);
      assert.ok(text.trim(), `${language} says nothing for: ${english}`);
    }
  }
});

for (const language of ['de', 'es', 'fr', 'zh']) {
  test(`a visitor reads ${language} alone`, async () => {
    const { context, page, errors } = await open(browser, server.url,
      { bypassCSP: true, locale: language, viewport: { width: 320, height: 700 } });
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    const dictionary = languages.get(language);
    await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
    await readingOf(page, '1028_MTI_SAD_XX.opus');
    await page.getByText(dictionary['Why it said so']).click();
    await page.waitForFunction(() => !document.querySelector('#why-play').disabled);
    // What is still English is the same in both languages.
    const same = new Set(Object.values(dictionary));
    const english = await page.evaluate(async (keys) => {
      const { textsOf } = await import(new URL('www/page/text.js', location.href).href);
      return textsOf(document.body).map(({ text }) => text).filter((text) => keys.includes(text));
    }, Object.keys(dictionary));
    assert.deepEqual(english.filter((text) => !same.has(text)), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than a phone');
    // What the engine says of a file, with a number in it.
    await page.setInputFiles('#file', { name: 'text.wav', mimeType: 'audio/wav', buffer: Buffer.from('This is no sound at all.') });
    const [refused] = Object.entries(dictionary).filter(([text]) => text.startsWith('This does not look like an audio file'));
    await page.locator('#problem').filter({ hasText: refused[1] }).waitFor();
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    assert.deepEqual(errors, []);
    await context.close();
  });
}

test('a language can be chosen', async () => {
  const { context, page } = await open(browser, server.url, { locale: 'fr' });
  assert.equal(await page.getByLabel('Langue').inputValue(), 'fr');
  await page.getByLabel('Langue').selectOption('Deutsch');
  await page.getByRole('button', { name: 'Aufnehmen' }).waitFor();
  assert.match(page.url(), /\?lang=de$/);
  await context.close();
});
