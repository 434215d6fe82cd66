// The page without the network, and its updates, from end to end.

import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writeOfflineWorker } from '../../xtask/offline.mjs';
import { preload } from '../../xtask/preload.mjs';
import { chosenModel, goTo, launchFirefox, openBlank, readingOf, sample, until, useSite } from './support.mjs';

let folder;
let server;
let browser;

const site = useSite({ isCopy: true });
before(async () => {
  await site.start();
  ({ folder, server, browser } = site);
});

/** Opens the page and waits until the service worker has cached it. */
async function openCached(context) {
  const page = await context.newPage();
  await page.goto(server.url);
  await chosenModel(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  return page;
}

test('without the network the page opens and reads samples and files', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  await server.pause();
  try {
    const count = server.requests.length;
    await page.reload();
    await chosenModel(page);
    await page.getByRole('button', { name: 'Woman, 25' }).click();
    await readingOf(page, 'Woman, 25');
    await page.setInputFiles('#file', sample('1028_MTI_SAD_XX.opus'));
    await readingOf(page, '1028_MTI_SAD_XX.opus');
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).maxWidth), '1280px');
    assert.equal(server.requests.length, count);
  } finally {
    await server.resume();
    await context.close();
  }
});

test('a newer version waits until the visitor wants it and no other tab has the older one', async () => {
  const context = await browser.newContext();
  const first = await openCached(context);
  await first.reload();
  await chosenModel(first);
  const second = await context.newPage();
  await second.goto(server.url);
  await chosenModel(second);
  await appendFile(join(folder, 'www/style.css'), '\nbody { outline: 1px solid }\n');
  await preload(folder);
  await writeOfflineWorker(folder);
  await second.reload();
  await chosenModel(second);
  const outline = (page) => page.evaluate(() => getComputedStyle(document.body).outlineStyle);
  await second.getByText('A newer version of this page is here').waitFor();
  assert.equal(await outline(second), 'none', 'half of the newer version is on the page');
  await second.getByRole('button', { name: 'Use it now' }).click();
  await second.getByText('open in another tab').waitFor();
  await first.close();
  await Promise.all([second.waitForEvent('load'), second.getByRole('button', { name: 'Use it now' }).click()]);
  await chosenModel(second);
  assert.equal(await outline(second), 'solid');
  assert.ok(await second.locator('#newer').isHidden());
  assert.equal(await second.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('sottovoce-page')).length), 1);
  await context.close();
});

test('a newer version that arrives during readings does not change them', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  await page.reload();
  await chosenModel(page);
  await page.evaluate(() => { globalThis.isTheSamePage = true; });
  const buffer = await readFile(sample('1028_MTI_SAD_XX.opus'));
  const answers = new Set();
  const readSome = async (batch) => {
    const names = Array.from({ length: 10 }, (_, n) => `clip-${batch}-${n}.opus`);
    await page.setInputFiles('#file', names.map((name) => ({ name, mimeType: 'audio/ogg', buffer })));
    await page.waitForFunction((last) => document.querySelectorAll('#more li').length === 10
      && document.querySelector('#more').textContent.includes(last), names.at(-1));
    (await page.locator('#more li').allTextContents()).forEach((text, n) => answers.add(text.replace(names[n], '')));
  };
  await readSome(0);
  await appendFile(join(folder, 'www/style.css'), '\nbody { outline: 2px solid }\n');
  await preload(folder);
  await writeOfflineWorker(folder);
  const updated = page.evaluate(async () => { await (await navigator.serviceWorker.ready).update(); });
  const newer = page.getByText('A newer version of this page is here');
  let batch = 1;
  for (; batch < 100 && !await newer.isVisible(); batch += 1) await readSome(batch);
  await updated;
  assert.ok(batch > 1 && await newer.isVisible(), 'it arrived while the page was reading');
  await readSome(batch);
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.equal(await page.evaluate(() => globalThis.isTheSamePage), true);
  await context.close();
});

test('a version with a damaged file is not cached', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  await page.reload();
  await appendFile(join(folder, 'www/style.css'), '\n/* one version */\n');
  await preload(folder);
  await writeOfflineWorker(folder);
  await appendFile(join(folder, 'www/style.css'), '\n/* and already another */\n');
  await preload(folder);
  await page.reload();
  await chosenModel(page);
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    while (registration.installing) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  assert.ok(await page.locator('#newer').isHidden());
  assert.equal(await page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('sottovoce-page')).length), 1);
  await writeOfflineWorker(folder);
  await context.close();
});

test('it can be installed', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  const cdp = await context.newCDPSession(page);
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
  // A test's context has no profile, so that it cannot install anything.
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((error) => error !== 'in-incognito'), []);
  await context.close();
});

test('its manifest is read without errors, and takes recordings', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  const cdp = await context.newCDPSession(page);
  const { errors, manifest, url, data } = await cdp.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(manifest.shareTarget.action, `${server.url}www/share`);
  assert.deepEqual(manifest.shortcuts.map(({ url }) => url), [`${server.url}#teach`, `${server.url}lesson.html`]);
  // Chromium reports the rest of them to installed apps alone.
  assert.equal(new URL(JSON.parse(data).file_handlers[0].action, url).href, server.url);
  await context.close();
});

/** Shares files as a messenger does: by a form, in place of the system's share menu. */
async function share(context, files) {
  const page = await context.newPage();
  await openBlank(page, server);
  await page.evaluate(() => {
    document.body.innerHTML = '<form method="post" action="www/share" enctype="multipart/form-data"><input type="file" name="recordings" multiple></form>';
  });
  await page.locator('input').setInputFiles(files);
  await page.evaluate(() => document.forms[0].submit());
  return page;
}

test('recordings that another app shares are read, and reach no network', async () => {
  const context = await browser.newContext();
  const first = await openCached(context);
  await until(first, async () => (await navigator.serviceWorker.getRegistrations()).some(({ scope, active }) => scope.endsWith('www/share') && active));
  const count = server.requests.filter((path) => path.endsWith('/share')).length;
  const one = await share(context, [sample('1028_MTI_SAD_XX.opus')]);
  await readingOf(one, '1028_MTI_SAD_XX.opus');
  assert.equal(one.url(), server.url);
  const two = await share(context, [sample('1028_MTI_SAD_XX.opus'), sample('1049_ITS_HAP_XX.opus')]);
  await two.locator('.files li').nth(1).waitFor();
  const text = await share(context, [{ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }]);
  await text.locator('#problem').filter({ hasText: 'note.txt: ' }).waitFor();
  const none = await context.newPage();
  await none.goto(`${server.url}www/share`);
  await none.locator('#problem').filter({ hasText: 'Nothing that was shared arrived here' }).waitFor();
  assert.equal(server.requests.filter((path) => path.endsWith('/share')).length, count);
  await context.close();
});

test('recordings that are opened with it are read', async () => {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  // Headless browsers install nothing, so that nothing can be opened with what is installed.
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'launchQueue', { value: { setConsumer: (consumer) => { globalThis.launch = consumer; } } });
  });
  await page.goto(server.url);
  await chosenModel(page);
  const bytes = [...await readFile(sample('1028_MTI_SAD_XX.opus'))];
  await page.evaluate((bytes) => globalThis.launch({ files: [{ getFile: async () => new File([Uint8Array.from(bytes)], 'opened.opus') }] }), bytes);
  await readingOf(page, 'opened.opus');
  await context.close();
});

test('a badge says so while there is no network', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  assert.ok(await page.locator('#offline').isHidden());
  await context.setOffline(true);
  await page.getByText('Offline is fine').waitFor();
  await context.setOffline(false);
  await page.locator('#offline').waitFor({ state: 'hidden' });
  await context.close();
  // It moves nothing, on a phone, in any language.
  for (const locale of ['en', 'de', 'es', 'fr', 'zh']) {
    const context = await browser.newContext({ locale, viewport: { width: 390, height: 844 }, serviceWorkers: 'block' });
    const page = await context.newPage();
    await page.goto(server.url);
    await chosenModel(page);
    const top = () => page.locator('#input').evaluate((input) => input.getBoundingClientRect().top);
    const before = await top();
    await context.setOffline(true);
    await page.locator('#offline').waitFor();
    assert.equal(await top(), before, locale);
    await context.close();
  }
});

test('deleted data stays deleted until the next visit', async () => {
  const context = await browser.newContext();
  const page = await openCached(context);
  await goTo(page, 'privacy');
  await page.getByRole('button', { name: 'Delete what is kept' }).click();
  await page.getByText('keeps nothing of this page').waitFor();
  const [kept, scopes] = await page.evaluate(async () => [(await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope)]);
  assert.equal(kept, 0);
  // It keeps nothing, and what is shared with an installed page from the network.
  assert.deepEqual(scopes, [`${server.url}www/share`]);
  await context.close();
});

test('Firefox opens the page without the network', async () => {
  const firefox = await launchFirefox();
  try {
    const page = await firefox.newPage();
    await page.goto(server.url);
    await chosenModel(page);
    await page.evaluate(async () => { await navigator.serviceWorker.ready; });
    await server.pause();
    await page.reload();
    await chosenModel(page);
    await page.click('#samples button');
    await until(page, () => document.querySelector('#meta').textContent.startsWith('Woman, 35'));
  } finally {
    await server.resume();
    await firefox.close();
  }
});
