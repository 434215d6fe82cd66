// Drives the browser benchmark and prints its table. `cargo xtask bench` builds what it needs first.

import { cpus } from 'node:os';
import { launch, root, serve } from '../../tests/e2e/support.mjs';

const COLD_STARTS = 7;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${value.toFixed(value < 20 ? 1 : 0)} ms`;

/** Milliseconds from opening the page with an empty cache to the first reading, asked for as soon as one can. */
async function coldStart(browser, url) {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    new MutationObserver((_, observer) => {
      const button = document.querySelector('#samples button');
      if (button && !globalThis.clicked) {
        globalThis.clicked = true;
        button.click();
      }
      if (document.querySelector('#meta')?.textContent) {
        globalThis.firstReadingMs = performance.now();
        observer.disconnect();
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  const page = await context.newPage();
  await page.goto(url);
  const handle = await page.waitForFunction(() => globalThis.firstReadingMs);
  const milliseconds = await handle.jsonValue();
  await context.close();
  return milliseconds;
}

const project = await serve(root, '/');
const built = await serve();
const browser = await launch();
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.goto(`${project.url}benches/browser/index.html`);
  await page.waitForFunction(() => globalThis.loaded);
  const { ours, meyda, essentia } = await page.evaluate(() => globalThis.run());
  const cold = [];
  for (let i = 0; i < COLD_STARTS; i += 1) cold.push(await coldStart(browser, built.url));

  console.log(`\nChromium ${browser.version()}, one thread, ${cpus()[0].model}, ${cpus().length} cores; medians\n`);
  const rows = [
    ['40 MFCC and RMS of 4 s, 216 frames', 'sottovoce', ms(ours.features_ms), '10 ms'],
    ['', 'Meyda 5.6.3', `${ms(meyda)} (${(meyda / ours.features_ms).toFixed(0)} times ours)`, ''],
    ['40 MFCC alone, the same frames', 'Essentia.js 0.1.3', `${ms(essentia)} (${(essentia / ours.features_ms).toFixed(0)} times ours)`, ''],
    ['input quality', 'sottovoce', ms(ours.quality_ms), ''],
    ['mfcc1’s network', 'sottovoce', ms(ours.model_ms), ''],
    ['a whole reading of 4 s, pictures too', 'sottovoce', ms(ours.whole), '60 ms'],
    ['cold start to the first reading', 'sottovoce', `${ms(median(cold))} (${ms(Math.min(...cold))} to ${ms(Math.max(...cold))})`, '1500 ms'],
  ];
  console.log('| what | who | time | target |\n|---|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
} finally {
  await browser.close();
  await project.close();
  await built.close();
}
