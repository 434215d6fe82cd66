// The fixture of the end-to-end tests: the built page on a plain file server under a sub-path, browsers, and what tests do on a page.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { serveFolder } from '../../xtask/server.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixture = (name) => join(root, 'tests/fixtures/audio', name);
export const sample = (name) => join(root, 'www/samples', name);

/** The command line, as `cargo test` builds it. */
export const program = join(root, 'target/debug/sottovoce');

/** The built page. */
export const dist = join(root, 'dist');

/** Serves the built page on a free port, below a sub-path that the build cannot depend on. */
export const serve = (folder = dist, prefix = '/any/path/') => {
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`cargo xtask build --release\` first`);
  return serveFolder(folder, { prefix });
};

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => existsSync(path));

const options = (args) => ({
  executablePath: process.env.CHROMIUM ?? CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...args],
});

/** Starts Chromium without its own background connections. */
export const launch = (args = []) => chromium.launch(options(args));

/** The same with the profile in a folder, which later visits share. */
export const launchWithProfile = (folder, args = []) => chromium.launchPersistentContext(folder, options(args));

const FIREFOX = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => path && existsSync(path));

/** Starts Firefox with puppeteer: playwright needs a patched Firefox. */
export const launchFirefox = () => {
  if (!FIREFOX) throw new Error('Firefox is missing: install firefox-esr, or name it in FIREFOX');
  return puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
};

/** Arguments of Chromium for a fake microphone without a permission prompt, which repeats a WAV file, or beeps. */
export const fakeMicrophone = (path) => ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  ...(path ? [`--use-file-for-fake-audio-capture=${path}`] : [])];

/** A folder for the tests of a file or suite, deleted after them. */
export function useTemporaryFolder() {
  const folder = { path: mkdtempSync(join(tmpdir(), 'sottovoce-')) };
  after(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** Serves the built page and runs Chromium for the tests of a file or suite.
 * @param {object} [options]
 * @param {string[] | (() => Promise<string[]>)} [options.args] Arguments of Chromium.
 * @param {boolean} [options.isCopy] Serves a copy of the page, in `folder`, that tests may change. */
export function useSite({ args = [], isCopy = false } = {}) {
  let starting;
  // Node starts all hooks of a file at once: those that need the site wait for it here.
  const site = { folder: dist, start: () => (starting ??= start()) };
  async function start() {
    if (isCopy) {
      site.folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
      await cp(dist, site.folder, { recursive: true });
    }
    site.server = await serve(site.folder);
    site.browser = await launch(Array.isArray(args) ? args : await args());
    site.open = (options) => open(site.browser, site.server.url, options);
  }
  before(site.start);
  after(async () => {
    await site.browser?.close();
    await site.server?.close();
    if (isCopy) await rm(site.folder, { recursive: true });
  });
  return site;
}

/** A software GPU, for machines without one: correct, but slow. */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

/** Waits until `holds(argument)` is true in the page. In Firefox the driver's own wait evaluates text as a script, which the page's
 * policy forbids. */
export async function until(page, holds, argument) {
  const end = performance.now() + 60_000;
  while (!await page.evaluate(holds, argument)) {
    if (performance.now() > end) throw new Error(`not true within a minute: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens an empty page of a server's site, for tests with scripts of their own. */
export async function openBlank(page, server) {
  await page.route('**/blank.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Blank</title>' }));
  await page.goto(`${server.url}blank.html`);
}

/** Waits until the chosen model is loaded. */
export const chosenModel = (page) => until(page,
  () => document.documentElement.dataset.model === document.querySelector('#model').value);

/** Goes to a view of the page by its link. */
export const goTo = (page, view) => page.locator(`a[href="#${view}"]`).first().click();

/** Chooses a model in the settings, and returns to the view before. */
export async function chooseModel(page, model) {
  await goTo(page, 'settings');
  await page.locator('#model').selectOption(model);
  await page.goBack();
}

/** Errors of a page as they occur: uncaught exceptions, and errors on its console. */
export function collectErrors(page) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  return errors;
}

/** Opens the page and waits until the chosen model is loaded. The test asserts at its end that there were no errors. */
export async function open(browser, url, options = {}) {
  // A service worker would answer in place of the server.
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(url);
  await chosenModel(page);
  return { context, page, errors };
}

/** The accessibility violations that axe-core finds on the page as it is. */
export async function violations(page) {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, html }) => `${target} ${html}`).join(', ')}`);
}

export async function assertAccessible(page) {
  assert.deepEqual(await violations(page), []);
}

/** The reading on the page, as a person sees it. */
export const reading = (page) => page.evaluate(() => ({
  headline: document.querySelector('#headline').textContent,
  explained: document.querySelector('#explained').textContent,
  shares: Object.fromEntries([...document.querySelectorAll('#bars li')]
    .map((row) => [row.dataset.emotion, row.querySelector('.track > span').style.width])),
  notes: [...document.querySelectorAll('#notes li')].map((note) => note.textContent),
  meta: document.querySelector('#meta').textContent,
}));

/** Waits until the page has read `source`. */
export const readingOf = async (page, source) => {
  await page.waitForFunction((text) => document.querySelector('#meta').textContent.startsWith(text), source);
  return reading(page);
};

/** A 16-bit mono WAV file. @param {Float32Array} samples @param {number} rateHz */
export function wav16(samples, rateHz) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE(2 * rateHz, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((s, i) => bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, s)) * 32767), 44 + 2 * i));
  return bytes;
}

/** The samples of a sample clip, as the browser of `page` decodes them at `rateHz`. @returns {Promise<Float32Array>} */
export async function speech(page, rateHz, name = '1049_ITS_HAP_XX.opus') {
  const bytes = [...await readFile(sample(name))];
  const samples = await page.evaluate(async ([bytes, rateHz]) => {
    const decoded = await new OfflineAudioContext(1, 1, rateHz).decodeAudioData(Uint8Array.from(bytes).buffer);
    return [...decoded.getChannelData(0)];
  }, [bytes, rateHz]);
  return Float32Array.from(samples);
}

/** Sample clips at 16 kHz, one after the other, repeated between silences. */
export async function longRecording(page, repeats, silenceS = 10, names = ['1049_ITS_HAP_XX.opus']) {
  const clip = [];
  for (const name of names) clip.push(...await speech(page, 16_000, name));
  const silence = Array(silenceS * 16_000).fill(0);
  const samples = Float32Array.from([silence, ...Array(repeats).fill(clip), silence].flat());
  return { name: 'long.wav', mimeType: 'audio/wav', buffer: wav16(samples, 16_000), seconds: samples.length / 16_000 };
}
