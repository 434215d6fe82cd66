// Lighthouse on the built pages: `node xtask/audit.mjs DIST`. Fails where a category is below 95.
//
// Network and CPU are really throttled: Lighthouse's simulation would wait for the engine and the models, which load after the
// first paint.

import { existsSync } from 'node:fs';
import process, { argv, env, exit } from 'node:process';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { serveFolder } from './server.mjs';

const MIN_SCORE = 95;
const PORT = 9333;
const ALL = ['performance', 'accessibility', 'best-practices', 'seo'];
/** An embedded frame needs no SEO. */
const PAGES = { '': ALL, 'lesson.html': ALL, 'www/embed/index.html?model=mfcc1': ALL.slice(0, 3) };
const CHROMIUM = [env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

async function audit(url, onlyCategories, config) {
  const browser = await launch();
  try {
    return await lighthouse(url, { port: PORT, logLevel: 'error', onlyCategories, throttlingMethod: 'devtools' }, config);
  } finally {
    await browser.close();
  }
}

// Lighthouse still polls a page for idleness after its session is closed.
process.on('unhandledRejection', (error) => {
  if (!/Session closed/.test(String(error))) throw error;
});

const server = await serveFolder(argv[2], { prefix: '/any/path/', compress: true });
const launch = () => chromium.launch({
  executablePath: CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--remote-debugging-port=${PORT}`],
});
let passed = true;
for (const [path, onlyCategories] of Object.entries(PAGES)) {
  for (const [name, config] of [['phone', undefined], ['desktop', desktopConfig]]) {
    const { lhr } = await audit(server.url + path, onlyCategories, config);
    const scores = Object.values(lhr.categories).map(({ title, score }) => `${title} ${Math.round(100 * (score ?? 0))}`);
    console.log(`${path || 'index.html'}, ${name}: ${scores.join(', ')}`);
    for (const { title, score, auditRefs } of Object.values(lhr.categories)) {
      if (score !== null && 100 * score >= MIN_SCORE) continue;
      passed = false;
      const failed = auditRefs.map(({ id }) => lhr.audits[id]).filter(({ score }) => score !== null && score < 0.9);
      console.error(`  ${title} is below ${MIN_SCORE}: ${failed.map(({ title, displayValue }) => `${title}${displayValue ? ` (${displayValue})` : ''}`).join('; ')}`);
    }
  }
}
await server.close();
exit(passed ? 0 : 1);
