// Tells each built page's browser at once which modules it will need, and what each script and style has to be:
// `node xtask/preload.mjs DIST`. Otherwise it learns of modules one by one, each only after the one that imports it has come.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const PAGES = ['index.html', 'lesson.html', 'www/embed/engine.html', 'www/embed/index.html', 'www/embed/microphone.html'];

/** @returns {string} Where a file lies, as a page in `from` calls it. */
const addressOf = (from, path) => {
  const address = relative(from, path);
  return address.startsWith('.') ? address : `./${address}`;
};

/** Once more on a page that has it already, too: it is put in anew. */
export async function preload(dist) {
  const integrity = async (path) => `sha384-${createHash('sha384').update(await readFile(join(dist, path))).digest('base64')}`;

  /** The modules that a module needs, itself first. */
  const neededBy = async (path, known = new Set()) => {
    if (known.has(path)) return known;
    known.add(path);
    const source = await readFile(join(dist, path), 'utf8');
    for (const [, imported] of source.matchAll(/^import [^;]*?from '(\.[^']*)';$/gms)) {
      await neededBy(join(dirname(path), imported), known);
    }
    return known;
  };

  for (const name of PAGES) {
    const from = dirname(name);
    const lines = [];
    let policy = '';
    for (const line of (await readFile(join(dist, name), 'utf8')).split('\n')) {
      const plain = line.replace(/ integrity="[^"]*"/, '').replace(/ 'sha256-[^']*'/, '');
      if (/rel="modulepreload"|type="importmap"/.test(plain)) continue;
      const [, path] = plain.match(/<script [^>]*src="([^"]+)"/) ?? plain.match(/<link rel="stylesheet" href="([^"]+)"/) ?? [];
      if (plain.includes('type="module"')) {
        const modules = [...await neededBy(join(from, path))].slice(1);
        const hashes = await Promise.all(modules.map(async (module) => [addressOf(from, module), await integrity(module)]));
        // What modules import has no attribute of its own; a map tells what each has to be.
        const map = JSON.stringify({ integrity: Object.fromEntries(hashes) });
        policy = `'sha256-${createHash('sha256').update(map).digest('base64')}'`;
        lines.push(`  <script type="importmap">${map}</script>`);
        lines.push(...modules.map((module) => `  <link rel="modulepreload" href="${addressOf(from, module)}">`));
      }
      lines.push(path ? plain.replace(`"${path}"`, `"${path}" integrity="${await integrity(join(from, path))}"`) : plain);
    }
    const page = lines.join('\n');
    await writeFile(join(dist, name), policy ? page.replace("script-src 'self'", `script-src 'self' ${policy}`) : page);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await preload(argv[2]);
