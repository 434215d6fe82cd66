// The element of the npm package: in Node, in plain pages, and in applications of React, Vue and Svelte that Vite builds.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, collectErrors, fakeMicrophone, launch, root, sample, serve, useTemporaryFolder } from './support.mjs';

const PACKAGE = join(root, 'target/npm');
const FRAMEWORKS = join(root, 'tests/frameworks');
/** How each checks types. */
const CHECKS = { react: ['tsc'], vue: ['vue-tsc'], svelte: ['svelte-check', '--fail-on-warnings', '--threshold', 'warning'] };

const folder = useTemporaryFolder();
let browser;

before(async () => {
  // All that frameworks install, and the package.
  const modules = join(folder.path, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(FRAMEWORKS, 'node_modules'))) {
    await symlink(join(FRAMEWORKS, 'node_modules', name), join(modules, name));
  }
  await cp(PACKAGE, join(modules, 'sottovoce'), { recursive: true });
  browser = await launch(fakeMicrophone());
});
after(() => browser?.close());

/** Runs a tool of the frameworks in an application's folder. */
const run = (name, args, cwd) => execFileSync(join(FRAMEWORKS, 'node_modules/.bin', name), args, { cwd, stdio: 'inherit' });

async function openAt(path, options = {}) {
  const server = await serve(path, '/');
  const context = await browser.newContext({ permissions: ['microphone'], ...options });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(server.url);
  return { page, errors, server, close: async () => { await context.close(); await server.close(); } };
}

describe('applications', () => {
  for (const [name, [checker, ...args]] of Object.entries(CHECKS)) {
    test(`${name}: its types fit, it is built, and it reads a voice`, async () => {
      const application = join(folder.path, name);
      await cp(join(FRAMEWORKS, name), application, { recursive: true });
      run(checker, args, application);
      run('vite', ['build', '--logLevel', 'warn'], application);
      const { page, errors, close } = await openAt(join(application, 'dist'));
      await page.getByRole('button', { name: /^Woman, 25/ }).click();
      await page.locator('#said').filter({ hasText: /^(Sounds|Perhaps|Hard)/ }).waitFor();
      assert.equal(await page.locator('#said').textContent(), await page.locator('speech-emotion .headline').textContent());
      // Files stay on the page, too.
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click()]);
      await chooser.setFiles(sample('1028_MTI_SAD_XX.opus'));
      await page.waitForFunction(() => document.querySelector('#said').textContent === document.querySelector('speech-emotion').shadowRoot.querySelector('.headline').textContent);
      assert.deepEqual(errors, []);
      await close();
    });
  }
});

test('importing it needs no document', async () => {
  const program = `
    import 'sottovoce/element';
    import { analyze } from 'sottovoce';
    import { createElement } from 'react';
    import { renderToString } from 'react-dom/server';
    console.log(typeof analyze, renderToString(createElement('speech-emotion', { model: 'mfcc1' })));`;
  const output = execFileSync('node', ['--input-type=module', '-e', program], { cwd: folder.path, encoding: 'utf8' });
  assert.equal(output.trim(), 'function <speech-emotion model="mfcc1"></speech-emotion>');
});

describe('a plain page', () => {
  before(async () => {
    const plain = join(folder.path, 'plain');
    await mkdir(plain);
    await symlink(join(folder.path, 'node_modules/sottovoce'), join(plain, 'sottovoce'));
    await writeFile(join(plain, 'index.html'), `<!doctype html><html lang="de"><title>Seite</title><link rel="icon" href="data:,">
      <main><h1>Seite</h1><speech-emotion model="mfcc1" mic></speech-emotion></main>
      <script type="module" src="sottovoce/www/embed/package-element.js"></script></html>`);
  });

  test('has it in its own language, with a microphone', async () => {
    const { page, errors, server, close } = await openAt(join(folder.path, 'plain'), { bypassCSP: true });
    await page.getByRole('button', { name: 'Aufnehmen' }).click();
    await page.getByRole('button', { name: 'Stopp' }).waitFor();
    await page.waitForTimeout(1500);
    const events = page.evaluate(() => new Promise((resolve) => {
      const element = document.querySelector('speech-emotion');
      element.addEventListener('result', ({ detail }) => resolve(detail.report.model));
      element.addEventListener('error', ({ detail }) => resolve(detail.message));
    }));
    await page.getByRole('button', { name: 'Stopp' }).click();
    assert.equal(await events, 'mfcc1');
    await assertAccessible(page);
    assert.deepEqual(errors, []);
    assert.ok(server.requests.every((path) => !path.includes('frame')));
    await close();
  });

  test('gives up a recording when it is removed, and takes “false” for an attribute that is not set', async () => {
    const { page, errors, close } = await openAt(join(folder.path, 'plain'), { bypassCSP: true });
    await page.getByRole('button', { name: 'Aufnehmen' }).click();
    await page.getByRole('button', { name: 'Stopp' }).waitFor();
    const results = await page.evaluate(async () => {
      const element = document.querySelector('speech-emotion');
      let results = 0;
      element.addEventListener('result', () => { results += 1; });
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
      element.remove();
      const other = document.createElement('speech-emotion');
      other.setAttribute('mic', 'false');
      document.querySelector('main').append(other);
      await other.analyze(new Float32Array(0)).catch(() => {});
      await new Promise((resolve) => { setTimeout(resolve, 5000); });
      return [results, other.shadowRoot.querySelectorAll('.record').length];
    });
    assert.deepEqual(results, [0, 0]);
    assert.deepEqual(errors, []);
    await close();
  });

  test('is described by custom-elements.json', async () => {
    const manifest = JSON.parse(await readFile(join(PACKAGE, 'custom-elements.json'), 'utf8'));
    const require = createRequire(join(FRAMEWORKS, 'package.json'));
    const Ajv = require('ajv');
    const validate = new Ajv({ strict: false }).compile(require('custom-elements-manifest/schema.json'));
    assert.ok(validate(manifest), JSON.stringify(validate.errors));
    for (const { path } of manifest.modules) await readFile(join(PACKAGE, path));
    const [{ attributes, events, cssParts, cssProperties }] = manifest.modules[1].declarations;
    const source = await readFile(join(root, 'www/embed/element.js'), 'utf8');
    const named = (pattern) => [...new Set([...source.matchAll(pattern)].map(([, name]) => name))].sort();
    const names = (list) => list.map(({ name }) => name).sort();
    // The package has one language, that of the page.
    assert.deepEqual(names(attributes), named(/(?:(?:get|has)Attribute|#has)\('([\w-]+)'\)/g).filter((name) => name !== 'lang'));
    assert.deepEqual(names(events), named(/#dispatch\('(\w+)'/g));
    assert.deepEqual(names(cssProperties), named(/var\((--sottovoce-\w+)/g));
    const { page, close } = await openAt(join(folder.path, 'plain'));
    await page.getByRole('button', { name: 'Aufnehmen' }).waitFor();
    await page.evaluate(() => document.querySelector('speech-emotion').setAttribute('files', ''));
    const parts = await page.evaluate(() => {
      const other = Object.assign(document.createElement('speech-emotion'), {});
      for (const name of ['mic', 'files']) other.setAttribute(name, '');
      document.querySelector('main').append(other);
      return new Promise((resolve) => {
        const look = () => {
          const found = [...other.shadowRoot.querySelectorAll('[part]')].map((part) => part.getAttribute('part'));
          if (found.includes('notice')) resolve([...new Set(found)].sort());
          else setTimeout(look, 50);
        };
        look();
      });
    });
    assert.deepEqual(names(cssParts), parts);
    await close();
  });
});
