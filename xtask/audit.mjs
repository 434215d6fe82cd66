// Lighthouse on the built pages: `node xtask/audit.mjs DIST`. Fails where a category is below 95.

import { existsSync } from 'node:fs';
import { argv, env, exit } from 'node:process';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { serveFolder } from './server.mjs';

const LEAST = 95;
const PORT = 9333;
const PAGES = ['', 'lesson.html', 'www/embed/index.html?model=mfcc1'];
const CHROMIUM = [env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

const server = await serveFolder(argv[2], { prefix: '/any/path/' });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--remote-debugging-port=${PORT}`],
});
let isGood = true;
for (const path of PAGES) {
  for (const [name, config] of [['phone', undefined], ['desktop', desktopConfig]]) {
    const { lhr } = await lighthouse(server.url + path, { port: PORT, logLevel: 'error' }, config);
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
await browser.close();
await server.close();
exit(isGood ? 0 : 1);
