// What every end-to-end test needs: the built page on a plain file server under a sub-path, and a browser.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const fixture = (name) => join(root, 'tests/fixtures/audio', name);
export const sample = (name) => join(root, 'www/samples', name);

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.md': 'text/markdown', '.mjs': 'text/javascript',
};

/** Serves `folder` on a free port below `prefix`; counts what is asked for. */
export async function serve(folder = join(root, 'dist'), prefix = '/any/path/') {
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`cargo xtask build --release\` first`);
  const asked = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    asked.push(path);
    if (!path.startsWith(prefix)) return response.writeHead(404).end();
    const file = join(folder, normalize(path.slice(prefix.length) || 'index.html'));
    try {
      const body = await readFile(file.endsWith('/') ? join(file, 'index.html') : file);
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-length': body.length, 'cache-control': 'no-store' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    asked,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => existsSync(path));

/** Starts Chromium without its own background connections. */
export const launch = (args = []) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...args],
});

/** Opens the page and waits until the model is loaded. Errors of the page fail the test at its end. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset.ready === 'true');
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
