// Hostile files, all dropped at once: each is read or refused in words, and the page works as before.
// `cargo xtask test` makes them (tests/hostile/pack.rs).

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { reading, readingOf, root, useSite } from './support.mjs';

const PACK = join(root, 'target/hostile');

const site = useSite();

test('hostile files are read or refused, and nothing else is disturbed', async () => {
  assert.ok(existsSync(PACK), `${PACK} is missing: run \`cargo xtask hostile\` first`);
  const names = (await readdir(PACK)).sort();
  assert.ok(names.length >= 300);
  const { context, page, errors } = await site.open();
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  const before = await readingOf(page, 'Woman, 35');

  const started = new Set(page.workers());
  page.on('worker', (worker) => started.add(worker));
  // The longest time that the page was blocked, in ms.
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      globalThis.longest = Math.max(globalThis.longest, now - last);
      last = now;
    }, 20);
  });
  await page.setInputFiles('#file', names.map((name) => join(PACK, name)));
  const rows = page.locator('#more li');
  await page.waitForFunction((count) => document.querySelectorAll('#more li').length === count, names.length, { timeout: 240_000 });
  const texts = await rows.allTextContents();
  names.forEach((name, index) => assert.ok(texts[index].startsWith(`${name}: `), `${texts[index]} is in place of ${name}`));
  assert.deepEqual(texts.filter((text) => !/: (sounds |perhaps |hard to tell|no speech found|could not be read)/.test(text)), []);
  assert.equal(started.size, page.workers().length, 'no worker died of a file');
  const longest = await page.evaluate(() => globalThis.longest);
  assert.ok(longest < 2000, `the page was blocked for ${longest} ms`);

  // A valid clip is read as before.
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  assert.deepEqual((await reading(page)).shares, before.shares);
  assert.deepEqual(errors, []);
  await context.close();
});
