// Lighthouse on the built pages: `node xtask/audit.mjs DIST`. Fails where a category is below 95.
//
// The network and the processor are slowed in fact: Lighthouse's simulation takes the engine and the models, which load behind the
// first paint, for things that it waits for.

import { existsSync } from 'node:fs';
import process, { argv, env, exit } from 'node:process';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { serveFolder } from './server.mjs';

const LEAST = 95;
const PORT = 9333;
const ALL = ['performance', 'accessibility', 'best-practices', 'seo'];
/** A frame is not there to be found. */
const PAGES = { '': ALL, 'lesson.html': ALL, 'www/embed/index.html?model=mfcc1': ALL.slice(0, 3) };
const CHROMIUM = [env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

async function judge(url, onlyCategories, config) {
  const browser = await launch();
  try {
    return await lighthouse(url, { port: PORT, logLevel: 'error', onlyCategories, throttlingMethod: 'devtools' }, config);
  } finally {
    await browser.close();
  }
}

// Lighthouse goes on asking whether a page is quiet when it is done with it.
process.on('unhandledRejection', (error) => {
  if (!/Session closed/.test(String(error))) throw error;
});

const server = await serveFolder(argv[2], { prefix: '/any/path/', compress: true });
const launch = () => chromium.launch({
  executablePath: CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--remote-debugging-port=${PORT}`],
});
let isGood = true;
for (const [path, onlyCategories] of Object.entries(PAGES)) {
  for (const [name, config] of [['phone', undefined], ['desktop', desktopConfig]]) {
    const { lhr } = await judge(server.url + path, onlyCategories, config);
    const scores = Object.values(lhr.categories).map(({ title, score }) => `${title} ${Math.round(100 * (score ?? 0))}`);
    console.log(`${path || 'index.html'}, ${name}: ${scores.join(', ')}`);
    for (const { title, score, auditRefs } of Object.values(lhr.categories)) {
      if (score !== null && 100 * score >= LEAST) continue;
      isGood = false;
      const missed = auditRefs.map(({ id }) => lhr.audits[id]).filter(({ score }) => score !== null && score < 0.9);
      console.error(`  ${title} is below ${LEAST}: ${missed.map(({ title, displayValue }) => `${title}${displayValue ? ` (${displayValue})` : ''}`).join('; ')}`);
    }
  }
}
await server.close();
exit(isGood ? 0 : 1);
