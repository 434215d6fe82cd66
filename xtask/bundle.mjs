// Bundles the modules of the built pages: `node xtask/bundle.mjs DIST`. A browser takes longer to request sixty modules than to run
// them. They stay in dist/ for the bundles' source maps, so that a browser's developer tools show what runs. `<speech-emotion>`
// becomes one plain script, which other sites load by <script src>.

import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** The modules that pages load. */
const PAGES = {
  'index.html': ['www/engine/start.js', 'www/page/page.js'],
  'lesson.html': ['www/lesson/lesson.js'],
  'www/embed/engine.html': ['www/embed/engine.js'],
  'www/embed/index.html': ['www/embed/frame.js'],
  'www/embed/microphone.html': ['www/embed/microphone.js'],
};
/** As deep as the folders of the modules, which compute addresses relative to themselves. */
const BUNDLES = 'www/bundles';
const ELEMENT = 'www/embed/speech-emotion.js';

/** Bundled pages can be bundled again. */
export async function bundle(dist) {
  // The lesson's address is next to that of the page.
  await rename(join(dist, 'www/lesson/lesson.html'), join(dist, 'lesson.html')).catch((error) => {
    // It is there already.
    if (error.code !== 'ENOENT') throw error;
  });
  const modules = Object.values(PAGES).flat();
  const pages = await rolldown({ input: Object.fromEntries(modules.map((path) => [basename(path, '.js'), join(dist, path)])) });
  await pages.write({
    dir: join(dist, BUNDLES), minify: true, chunkFileNames: '[name].js', sourcemap: true, sourcemapExcludeSources: true,
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  });
  await pages.close();
  for (const [page, paths] of Object.entries(PAGES)) {
    let text = await readFile(join(dist, page), 'utf8');
    for (const path of paths) {
      const [from, to] = [path, join(BUNDLES, basename(path))].map((path) => relative(dirname(page), path));
      text = text.replace(`type="module" src="${from}"`, `type="module" src="${to}"`);
    }
    await writeFile(join(dist, page), text);
  }

  const element = await rolldown({ input: join(dist, ELEMENT) });
  await element.write({ file: join(dist, ELEMENT), format: 'iife' });
  await element.close();
}

/** The modules that are in bundles, relative to `dist`. */
export async function bundled(dist) {
  const folder = join(dist, BUNDLES);
  const maps = (await readdir(folder)).filter((name) => name.endsWith('.map'));
  const sources = await Promise.all(maps.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')).sources));
  return sources.flat().map((source) => relative(resolve(dist), resolve(folder, source)));
}

if (argv[1] === fileURLToPath(import.meta.url)) await bundle(argv[2]);
