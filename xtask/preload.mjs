// Adds module preloads and integrity hashes to the built pages: `node xtask/preload.mjs DIST`. Without preloads, a browser requests
// each module only after the one that imports it. One script is inlined: it explains why no other can be loaded.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const PAGES = ['index.html', 'lesson.html', 'www/embed/engine.html', 'www/embed/index.html', 'www/embed/microphone.html', 'www/examples/element.html'];

/** Inlined into the pages. */
const INLINE = 'www/sandboxed.js';

/** A page with this module requests the engine before any module. */
const START = 'www/bundles/start.js';

/** @returns {string} The address of a file, relative to a page in the folder `from`. */
const addressOf = (from, path) => {
  const address = relative(from, path);
  return address.startsWith('.') ? address : `./${address}`;
};

/** Processed pages can be processed again. */
export async function preload(dist) {
  const hash = (kind, bytes) => `${kind}-${createHash(kind).update(bytes).digest('base64')}`;
  const integrity = async (path) => hash('sha384', await readFile(join(dist, path)));
  const inline = (await readFile(join(dist, INLINE), 'utf8')).trim();
  const engineFile = (await readFile(join(dist, 'www/engine/engine-file.js'), 'utf8')).replace('export ', '').trim();
  const requestEngine = `  <script id="request-engine">(() => {
${engineFile}
const link = Object.assign(document.createElement('link'), { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: engineFile() });
document.head.append(link);
})();</script>`;

  /** A module and all its dependencies, itself first. */
  const dependencies = async (path, known = new Set()) => {
    if (known.has(path)) return known;
    known.add(path);
    const source = await readFile(join(dist, path), 'utf8');
    for (const [, imported] of source.matchAll(/\bimport\b[^;"'()]*["'](\.[^"']*)["']/g)) {
      await dependencies(join(dirname(path), imported), known);
    }
    return known;
  };

  for (const name of PAGES) {
    const from = dirname(name);
    const source = (await readFile(join(dist, name), 'utf8')).replace(/  <script id="request-engine">[^]*?<\/script>\n/, '');
    const scripts = [...source.matchAll(/<script [^>]*type="module" src="([^"]+)"/g)].map(([, path]) => join(from, path));
    const known = new Set();
    for (const script of scripts) await dependencies(script, known);
    const modules = [...known];
    const lines = [];
    for (const line of source.split('\n')) {
      const plain = line.replace(/ integrity="[^"]*"/, '').replaceAll(/ 'sha256-[^']*'/g, '');
      if (/rel="modulepreload"|type="importmap"/.test(plain)) continue;
      const [, path] = plain.match(/<script [^>]*src="([^"]+)"/) ?? plain.match(/<link rel="stylesheet" href="([^"]+)"/) ?? [];
      // Before the first module, and once.
      if (path && join(from, path) === scripts[0]) {
        const hashes = await Promise.all(modules.map(async (module) => [addressOf(from, module), await integrity(module)]));
        // Imports have no attribute for their hash; the import map has one.
        const map = JSON.stringify({ integrity: Object.fromEntries(hashes) });
        if (path.endsWith(START)) lines.push(requestEngine);
        lines.push(`  <script type="importmap">${map}</script>`);
        lines.push(...modules.map((module) => `  <link rel="modulepreload" href="${addressOf(from, module)}">`));
      }
      if (path && join(from, path) === INLINE) {
        lines.push(`  <script>${inline}</script>`);
        continue;
      }
      lines.push(path ? plain.replace(`"${path}"`, `"${path}" integrity="${await integrity(join(from, path))}"`) : plain);
    }
    const page = lines.join('\n');
    // The policy allows inline scripts by their hash.
    const inlineScripts = [...page.matchAll(/<script(?: type="importmap"| id="request-engine")?>([^]*?)<\/script>/g)];
    const policy = ["script-src 'self'", ...inlineScripts.map(([, text]) => `'${hash('sha256', text)}'`)].join(' ');
    await writeFile(join(dist, name), page.replace("script-src 'self'", policy));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await preload(argv[2]);
