// Puts before the offline worker what it keeps: `node xtask/offline.mjs DIST`. Run once all else is in DIST.

import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const WORKER = 'offline-worker.js';
/** Models' weights are kept by the page once it loaded them; types and cards are for people who read the source. */
const LEFT_OUT = /\.safetensors$|\.d\.ts$|CARD\.md$|tsconfig\.json$|offline-worker\.js$/;

/** The page's files, from paths below `dist` to their hashes, and a version that changes when any of them does. */
export async function writeOfflineWorker(dist) {
  const below = await readdir(dist, { recursive: true, withFileTypes: true });
  const paths = below.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1).replaceAll('\\', '/'))
    .filter((path) => !LEFT_OUT.test(path)).sort();
  const files = {};
  for (const path of paths) {
    files[path] = `sha256-${createHash('sha256').update(await readFile(join(dist, path))).digest('base64')}`;
  }
  const source = await readFile(join(dist, 'www', WORKER), 'utf8');
  const version = createHash('sha256').update(JSON.stringify(files)).update(source).digest('hex').slice(0, 16);
  const head = `const VERSION = '${version}';\nconst FILES = ${JSON.stringify(files, null, 1)};\n`;
  await writeFile(join(dist, WORKER), head + source);
}

if (argv[1] === fileURLToPath(import.meta.url)) await writeOfflineWorker(argv[2].replace(/\/$/, ''));
