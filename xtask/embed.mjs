// Makes one plain script of the element in the built page, which other sites load by <script src>: `node xtask/embed.mjs DIST`.

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { build } from 'vite';

const path = join(resolve(argv[2]), 'www/embed/speech-emotion.js');
const built = await build({
  configFile: false, publicDir: false, logLevel: 'error',
  build: { lib: { entry: path, formats: ['iife'], name: 'sottovoce' }, minify: false, write: false, target: 'es2022' },
});
const { output: [{ code }] } = [built].flat()[0];
await writeFile(path, code);
