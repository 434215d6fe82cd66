// What every end-to-end test needs: the built page on a plain file server under a sub-path, and a browser.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { serveFolder } from '../../xtask/server.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixture = (name) => join(root, 'tests/fixtures/audio', name);
export const sample = (name) => join(root, 'www/samples', name);

/** The built page. */
export const dist = join(root, 'dist');

/** The built page on a free port, below a sub-path that no build can have known of. */
export const serve = (folder = dist, prefix = '/any/path/') => {
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`cargo xtask build --release\` first`);
  return serveFolder(folder, { prefix });
};

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => existsSync(path));

/** Starts Chromium without its own background connections. */
export const launch = (args = []) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...args],
});

const FIREFOX = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => path && existsSync(path));

/** Starts Firefox, which is driven by another library: this one's is a Firefox of its own. */
export const launchFirefox = () => {
  if (!FIREFOX) throw new Error('Firefox is missing: install firefox-esr, or name it in FIREFOX');
  return puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
};

/** A server of the built page and Chromium, from before the first of a file's tests until the last has ended. */
export function hosted() {
  const site = {};
  before(async () => {
    site.server = await serve();
    site.browser = await launch();
  });
  after(async () => {
    await site.browser?.close();
    await site.server?.close();
  });
  return site;
}

/** A graphics processor in software, for machines that have none: right, but slow. */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

/** Waits until `holds(argument)` is true in the page. In Firefox, waiting as the driver does it runs a text as a script,
 * which the page's policy forbids. */
export async function until(page, holds, argument) {
  const end = performance.now() + 60_000;
  while (!await page.evaluate(holds, argument)) {
    if (performance.now() > end) throw new Error(`a minute has passed without: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A page of a server's site with nothing on it, for tests that bring scripts of their own. */
export async function openBlank(page, server) {
  await page.route('**/blank.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Blank</title>' }));
  await page.goto(`${server.url}blank.html`);
}

/** Waits until the chosen model is loaded. */
export const chosenModel = (page) => until(page,
  () => document.documentElement.dataset.model === document.querySelector('#model').value);

/** Opens the page and waits until the chosen model is loaded. Errors of the page fail the test at its end. */
export async function open(browser, url, options = {}) {
  // What is kept for a visit without the network would come between a test and the server.
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(url);
  await chosenModel(page);
  return { context, page, errors };
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
export async function speech(page, rateHz) {
  const bytes = [...await readFile(sample('1049_ITS_HAP_XX.opus'))];
  const samples = await page.evaluate(async ([bytes, rateHz]) => {
    const decoded = await new OfflineAudioContext(1, 1, rateHz).decodeAudioData(Uint8Array.from(bytes).buffer);
    return [...decoded.getChannelData(0)];
  }, [bytes, rateHz]);
  return Float32Array.from(samples);
}

/** A sample clip at 16 kHz, repeated between silences. */
export async function longRecording(page, repeats, silenceS = 10) {
  const clip = [...await speech(page, 16_000)];
  const silence = Array(silenceS * 16_000).fill(0);
  const samples = Float32Array.from([silence, ...Array(repeats).fill(clip), silence].flat());
  return { name: 'long.wav', mimeType: 'audio/wav', buffer: wav16(samples, 16_000), seconds: samples.length / 16_000 };
}
