// The npm package as others use it: packed, installed, built by Vite without settings, and as plain modules.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, sample, serve } from './support.mjs';

const PACKAGE = join(root, 'target/npm');
const bin = (name) => join(root, 'node_modules/.bin', name);

let project;
let tarball;
let browser;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'sottovoce-'));
  const packed = execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', project], { cwd: PACKAGE, encoding: 'utf8' });
  tarball = join(project, JSON.parse(packed)[0].filename);
  await mkdir(join(project, 'node_modules/sottovoce'), { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', join(project, 'node_modules/sottovoce'), '--strip-components=1']);
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'index.html'), '<!doctype html><title>A project</title><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>');
  await writeFile(join(project, 'main.js'), `
    import { analyze, explain, models } from 'sottovoce';
    globalThis.sottovoce = { analyze, explain, models };`);
  await mkdir(join(project, 'public'));
  await cp(sample('1053_IEO_ANG_HI.opus'), join(project, 'public/clip.opus'));
  browser = await launch();
});

after(async () => {
  await browser.close();
  await rm(project, { recursive: true });
});

/** What the package says of a clip on some page that has it. */
async function use(url) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.sottovoce);
  const said = await page.evaluate(async () => {
    const { analyze, explain, models } = globalThis.sottovoce;
    const clip = await (await fetch('clip.opus')).blob();
    const shares = [];
    const { report } = await analyze(clip, { model: 'mfcc1', backend: 'cpu', onProgress: (share) => shares.push(share) });
    const explained = await explain(clip, { model: 'mfcc1', emotion: 'fear' });
    const aborted = new AbortController();
    aborted.abort(new Error('no longer wanted'));
    return {
      label: report.label, certainty: report.certainty, probabilities: report.probabilities, loaded: shares.at(-1),
      emotion: explained.emotion, method: explained.method, rows: explained.heat.rows,
      models: await models(),
      refused: await analyze(new Blob(['This is no sound.']), { model: 'mfcc1' }).catch(({ code }) => code),
      unknown: await analyze(clip, { model: 'other' }).catch(({ message }) => message),
      aborted: await analyze(clip, { model: 'mfcc1', signal: aborted.signal }).catch(({ message }) => message),
    };
  });
  // Vite's own script for development is refused where voices are read, as it should be.
  assert.deepEqual(errors.filter((error) => !/vite\/dist\/client.*Content Security Policy/.test(error)), []);
  await page.close();
  return said;
}

function check(said) {
  assert.equal(said.label, 'angry');
  assert.ok(Math.abs(Object.values(said.probabilities).reduce((a, b) => a + b) - 1) < 1e-5);
  assert.equal(said.loaded, 1);
  assert.deepEqual([said.emotion, said.method], ['fear', 'grad-cam']);
  assert.deepEqual(said.models.map(({ name }) => name), ['voice', 'hubert-small', 'wav2vec2-small', 'mfcc1', 'mfcc2', 'ms', 'baseline']);
  assert.ok(said.models.every(({ accuracy, accuracyOnNewVoices, bytes }) => accuracy > accuracyOnNewVoices && bytes > 1e5));
  assert.equal(said.refused, 'unknown-format');
  assert.match(said.unknown, /Choose one of these: voice, hubert-small/);
  assert.equal(said.aborted, 'no longer wanted');
}

test('publint and arethetypeswrong find nothing', () => {
  execFileSync(bin('publint'), ['--strict', PACKAGE], { stdio: 'inherit' });
  execFileSync(bin('attw'), [tarball, '--profile', 'esm-only'], { stdio: 'inherit' });
});

test('its types are those that a program needs', async () => {
  await writeFile(join(project, 'program.ts'), `
    import { analyze, explain, models, type Emotion, type Model } from 'sottovoce';
    const { report } = await analyze(new Float32Array(16_000), { model: 'voice', signal: AbortSignal.timeout(1) });
    const certainty: 'likely' | 'leaning' | 'unsure' | 'no-speech' = report.certainty;
    const emotion: Emotion = 'sad';
    const { seconds, heat } = await explain(new Blob([]), { emotion });
    const sizes: number[] = (await models()).map(({ bytes }: Model) => bytes);
    // @ts-expect-error There is no such model.
    await analyze(new Blob([]), { model: 'other' });
    export { certainty, seconds, heat, sizes };`);
  execFileSync(bin('tsc'), ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', '--ignoreConfig', 'program.ts'],
    { cwd: project, stdio: 'inherit' });
});

test('a bare Vite project builds it', async () => {
  execFileSync(bin('vite'), ['build', '--base', './', '--logLevel', 'warn'], { cwd: project, stdio: 'inherit' });
  const server = await serve(join(project, 'dist'));
  check(await use(server.url));
  await server.close();
});

test('Vite serves it while one develops', async () => {
  await writeFile(join(project, 'vite.config.js'), 'export default { optimizeDeps: { exclude: [\'sottovoce\'] } };');
  const vite = spawn(bin('vite'), ['--host', '127.0.0.1', '--port', '0', '--clearScreen', 'false'], { cwd: project });
  try {
    const url = await new Promise((resolve, reject) => {
      let said = '';
      vite.stdout.on('data', (data) => {
        said += data;
        // Words may be coloured.
        const [found] = said.replaceAll(/\u001b\[\d+m/g, '').match(/http:\/\/127\.0\.0\.1:\d+\//) ?? [];
        if (found) resolve(found);
      });
      vite.stderr.on('data', (data) => { said += data; });
      vite.on('exit', () => reject(new Error(said)));
    });
    check(await use(url));
  } finally {
    vite.kill();
  }
});

test('a plain module script uses it', async () => {
  const folder = join(project, 'plain');
  await mkdir(folder);
  await symlink(join(project, 'node_modules/sottovoce'), join(folder, 'sottovoce'));
  await cp(sample('1053_IEO_ANG_HI.opus'), join(folder, 'clip.opus'));
  await writeFile(join(folder, 'index.html'), `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script type="module">
    import { analyze, explain, models } from './sottovoce/www/api.js';
    globalThis.sottovoce = { analyze, explain, models };</script>`);
  const server = await serve(folder);
  check(await use(server.url));
  await server.close();
});
