// Tells each built page's browser at once which modules it will need: `node xtask/preload.mjs DIST`. Otherwise it learns of
// them module by module, each only after the one that imports it has come.

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { argv } from 'node:process';

const dist = argv[2];

/** The modules that a module needs, itself first. */
async function neededBy(path, known = new Set()) {
  if (known.has(path)) return known;
  known.add(path);
  const source = await readFile(join(dist, path), 'utf8');
  for (const [, imported] of source.matchAll(/^import [^;]*?from '(\.[^']*)';$/gms)) {
    await neededBy(join(dirname(path), imported), known);
  }
  return known;
}

for (const name of ['index.html', 'lesson.html', 'www/embed/engine.html']) {
  const page = await readFile(join(dist, name), 'utf8');
  const [tag, start] = page.match(/<script type="module" src="([^"]+)"><\/script>/);
  const from = dirname(name);
  const links = [...await neededBy(join(from, start))].slice(1).map((path) => `<link rel="modulepreload" href="${relative(from, path)}">`);
  await writeFile(join(dist, name), page.replace(tag, [...links, tag].join('\n  ')));
}
