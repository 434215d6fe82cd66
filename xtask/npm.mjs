// Makes the npm package from the built page: `node xtask/npm.mjs DIST PACKAGE VERSION`.

import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';

const [dist, target, version] = argv.slice(2);

/** A module of the page, and those that it imports. @param {string} path @param {Set<string>} [known] */
async function modulesOf(path, known = new Set()) {
  if (known.has(path)) return known;
  known.add(path);
  const source = await readFile(join(dist, path), 'utf8');
  for (const [, imported] of source.matchAll(/(?:from |import\(|new URL\()'(\.[^']*\.js)'/g)) await modulesOf(join(dirname(path), imported), known);
  return known;
}

await rm(target, { recursive: true, force: true });
await mkdir(join(target, 'www'), { recursive: true });
for (const path of ['sottovoce.js', 'sottovoce.d.ts', 'sottovoce_bg.wasm', 'sottovoce_relaxed.wasm', ...['gpu', 'full'].flatMap((name) => ['js', 'd.ts', 'wasm', 'json'].map((kind) => `sottovoce_${name}.${kind}`)), 'models', 'held-out', 'www/engine', 'www/api.js', 'www/api-types.d.ts',
  'www/languages', 'www/samples', 'www/page/types.d.ts', ...await modulesOf('www/embed/package-element.js')]) {
  await cp(join(dist, path), join(target, path), { recursive: true });
}
// Declared in no library of TypeScript before `esnext.disposable`, and no program calls it: the engine is behind www/api.js.
const types = join(target, 'sottovoce.d.ts');
await writeFile(types, (await readFile(types, 'utf8')).replaceAll(/^\s*\[Symbol\.dispose\]\(\): void;\n/gm, ''));
for (const name of (await readdir('.')).filter((name) => name.startsWith('LICENSE'))) await cp(name, join(target, name));
await cp('npm/README.md', join(target, 'README.md'));
for (const path of ['types', 'custom-elements.json']) await cp(join('npm', path), join(target, path), { recursive: true });
await cp('npm/wanted-languages.js', join(target, 'www/page/wanted-languages.js'));
const description = JSON.parse(await readFile('npm/package.json', 'utf8'));
await writeFile(join(target, 'package.json'), `${JSON.stringify({ ...description, version }, null, 2)}\n`);

// Names each file that the engine loads, in the form that bundlers recognise.
const assets = (await readdir(target, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && (/\bwww\/(languages|samples)$/.test(entry.parentPath) && !entry.name.endsWith('.md') || /\.(wasm|safetensors)$|model\.json$|speaker\.json$|sottovoce_(gpu|full)\.js(on)?$|worker\.js$|\bgpu\.js$|sealed\.html$|^sottovoce\.js$|\.opus$/.test(entry.name)))
  .map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1)).sort();
await writeFile(join(target, 'www/engine/files.js'), `// Addresses of the files that the engine loads, each named for bundlers.

/** @type {Record<string, URL>} */
const FILES = {
${assets.map((path) => `  '${path}': new URL('../../${path}', import.meta.url),`).join('\n')}
};

/** @param {string} path @returns {URL} */
export const fileAt = (path) => FILES[path];
`);
