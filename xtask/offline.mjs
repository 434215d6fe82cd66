// Prepends the list of files to cache to the service worker: `node xtask/offline.mjs DIST`. The last step of the build.

import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { bundled } from './bundle.mjs';

const WORKER = 'offline-worker.js';
/** The page caches models' weights and the code of further engines when it loads them; types, cards and source maps are for readers of the source. */
const EXCLUDED = /\.safetensors$|sottovoce_(gpu|full)\.wasm$|\.d\.ts$|\.map$|CARD\.md$|tsconfig\.json$|offline-worker\.js$/;

/** Writes the service worker with the hash of each file below `dist`, and a version that changes with any of them. */
export async function writeOfflineWorker(dist) {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const modules = new Set(await bundled(dist));
  const paths = entries.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1).replaceAll('\\', '/'))
    .filter((path) => !EXCLUDED.test(path) && !modules.has(path)).sort();
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
