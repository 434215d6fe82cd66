// The npm package as others use it: packed, installed, built by Vite without settings, and as plain modules.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { collectErrors, launch, root, sample, serve, useTemporaryFolder } from './support.mjs';

const PACKAGE = join(root, 'target/npm');
const OTHERS = ['1064_ITS_DIS_XX.opus', '1037_WSI_NEU_XX.opus', '1028_MTI_SAD_XX.opus'];
const bin = (name) => join(root, 'node_modules/.bin', name);

const folder = useTemporaryFolder();
let project;
let tarball;
let browser;

before(async () => {
  project = folder.path;
  const packed = execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', project], { cwd: PACKAGE, encoding: 'utf8' });
  tarball = join(project, JSON.parse(packed)[0].filename);
  await mkdir(join(project, 'node_modules/sottovoce'), { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', join(project, 'node_modules/sottovoce'), '--strip-components=1']);
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'index.html'), '<!doctype html><title>A project</title><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>');
  await writeFile(join(project, 'main.js'), `
    import * as sottovoce from 'sottovoce';
    globalThis.sottovoce = sottovoce;`);
  await mkdir(join(project, 'public'));
  await clips(join(project, 'public'));
  browser = await launch();
});

after(() => browser.close());

/** Copies a clip into a folder, and others for a speaker reference. @param {string} folder */
async function clips(folder) {
  await cp(sample('1053_IEO_ANG_HI.opus'), join(folder, 'clip.opus'));
  for (const [index, name] of OTHERS.entries()) await cp(sample(name), join(folder, `other-${index}.opus`));
}

/** The package's results for a clip, on a page that imports it. */
async function use(url) {
  const page = await browser.newPage();
  const errors = collectErrors(page);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.sottovoce);
  const results = await page.evaluate(async () => {
    const { Engine, EngineError, analyze, explain, models, speakerReference } = globalThis.sottovoce;
    const clip = await (await fetch('clip.opus')).blob();
    const shares = [];
    const { report } = await analyze(clip, { model: 'mfcc1', backend: 'cpu', onProgress: (share) => shares.push(share) });
    const explained = await explain(clip, { model: 'mfcc1', emotion: 'fear' });
    const fetched = async (name) => (await fetch(name)).blob();
    const others = await Promise.all([0, 1, 2].map(async (index) => analyze(await fetched(`other-${index}.opus`))));
    const speaker = await speakerReference(others);
    const kept = JSON.parse(JSON.stringify(await speakerReference([others[2], await speakerReference([others[1], others[0]])])));
    const unconditioned = (await analyze(clip)).report;
    const conditioned = (await analyze(clip, { speaker })).report;
    const conditionedExplanation = await explain(clip, { speaker });
    /** A WAV file of samples at 16 kHz, as floats. */
    const wav = (samples) => {
      const header = new DataView(new ArrayBuffer(44));
      for (const [at, text] of [[0, 'RIFF'], [8, 'WAVE'], [12, 'fmt '], [36, 'data']]) {
        [...text].forEach((letter, index) => header.setUint8(at + index, letter.charCodeAt(0)));
      }
      for (const [at, value] of [[4, 36 + 4 * samples.length], [16, 16], [24, 16_000], [28, 64_000], [40, 4 * samples.length]]) {
        header.setUint32(at, value, true);
      }
      for (const [at, value] of [[20, 3], [22, 1], [32, 4], [34, 32]]) header.setUint16(at, value, true);
      return new Blob([header, Float32Array.from(samples)]);
    };
    const aborted = new AbortController();
    aborted.abort(new Error('no longer wanted'));
    const engine = new Engine({ model: 'mfcc1', backend: 'cpu' });
    const own = (await engine.analyze(clip)).report.probabilities;
    const moments = [];
    const long = wav(others.flatMap(({ samples }) => Array.from(samples)));
    const following = engine.follow(long, { step_s: 2 });
    let next = await following.next();
    for (; !next.done; next = await following.next()) moments.push(next.value);
    for await (const _ of engine.follow(long)) break;
    const unknownEmotion = await engine.explain(clip, { emotion: 'joy' }).catch(({ code }) => code);
    const stopping = new AbortController();
    const stopped = engine.follow(long, { signal: stopping.signal });
    const abortedFollow = [(await stopped.next()).done ? 'ended' : 'yielded'];
    stopping.abort(new Error('no longer wanted'));
    abortedFollow.push(await stopped.next().then(() => 'went on', ({ message }) => message));
    const loading = new Engine({ model: 'ms' });
    const early = loading.analyze(clip).catch(({ code }) => code);
    loading.close();
    const closedWhileLoading = await early;
    const pending = engine.analyze(clip).catch((error) => error);
    engine.close();
    return {
      unknownEmotion, abortedFollow, closedWhileLoading,
      own, moments: moments.map(({ start_s, end_s, report }) => ({ start_s, end_s, label: report?.label })), end: next.value,
      pendingAtClose: (await pending) instanceof EngineError && (await pending).code,
      wrongStep: (() => { try { engine.follow(long, { step_s: 5 }); } catch ({ code }) { return code; } })(),
      closed: await engine.analyze(clip).catch(({ code }) => code),
      followedAfterClose: await engine.follow(long).next().catch(({ code }) => code),
      label: report.label, certainty: report.certainty, probabilities: report.probabilities, loaded: shares.at(-1),
      emotion: explained.emotion, method: explained.method, rows: explained.heat.rows,
      speaker: { clips: speaker.clips, seconds: speaker.seconds, order: kept.reference === speaker.reference },
      unconditioned: unconditioned.probabilities, alone: conditioned.speaker.alone.probabilities,
      conditioned: conditioned.probabilities, conditionedLabel: conditioned.label,
      explainedProbability: conditionedExplanation.probability,
      afterwards: (await analyze(clip)).report.probabilities,
      noReference: await analyze(clip, { speaker, model: 'mfcc1' }).catch(({ code }) => code),
      badReference: await analyze(clip, { speaker: { reference: '{}' } }).catch(({ code }) => code),
      models: await models(),
      refused: await analyze(new Blob(['This is no sound.']), { model: 'mfcc1' }).catch(({ code }) => code),
      unknown: await analyze(clip, { model: 'other' }).catch(({ message }) => message),
      aborted: await analyze(clip, { model: 'mfcc1', signal: aborted.signal }).catch(({ message }) => message),
    };
  });
  // The policy of the sealed frame blocks Vite's development script, as it should.
  assert.deepEqual(errors.filter((error) => !/vite\/dist\/client.*Content Security Policy/.test(error)), []);
  await page.close();
  return results;
}

/** Checks the package on a page that is served from a folder. @param {string} folder */
async function checkAt(folder) {
  const server = await serve(folder);
  try {
    check(await use(server.url));
  } finally {
    await server.close();
  }
}

function check(results) {
  assert.equal(results.label, 'angry');
  assert.ok(Math.abs(Object.values(results.probabilities).reduce((a, b) => a + b) - 1) < 1e-5);
  assert.equal(results.loaded, 1);
  assert.deepEqual([results.emotion, results.method], ['fear', 'grad-cam']);
  assert.deepEqual(results.own, results.probabilities);
  assert.equal(results.wrongStep, 'out-of-range');
  assert.deepEqual(results.abortedFollow, ['yielded', 'no longer wanted']);
  assert.equal(results.closedWhileLoading, 'ended');
  assert.equal(results.unknownEmotion, 'no-such-emotion');
  assert.ok(results.moments.length >= 3 && results.moments.some(({ label }) => label), JSON.stringify(results.moments));
  assert.deepEqual(results.moments.map(({ start_s }) => start_s), results.moments.map((_, index) => 2 * index));
  assert.deepEqual(results.end, { lost_s: 0, notes: [] });
  assert.deepEqual([results.pendingAtClose, results.closed, results.followedAfterClose], ['ended', 'ended', 'ended']);
  assert.deepEqual([results.speaker.clips, results.speaker.order], [3, true]);
  assert.deepEqual(results.alone, results.unconditioned);
  assert.deepEqual(results.afterwards, results.unconditioned);
  assert.notDeepEqual(results.conditioned, results.unconditioned);
  assert.ok(Math.abs(results.explainedProbability - results.conditioned[results.conditionedLabel]) < 1e-5);
  assert.deepEqual([results.noReference, results.badReference], ['no-speaker-reference', 'bad-speaker-reference']);
  assert.deepEqual(results.models.map(({ name }) => name), ['voice', 'hubert-small', 'wav2vec2-small', 'mfcc1', 'mfcc2', 'ms', 'baseline']);
  assert.ok(results.models.every(({ accuracy, accuracy_on_unseen_speakers, bytes }) => accuracy > accuracy_on_unseen_speakers && bytes > 1e5));
  assert.equal(results.refused, 'unknown-format');
  assert.match(results.unknown, /Choose one of these: voice, hubert-small/);
  assert.equal(results.aborted, 'no longer wanted');
}

test('it has every file that the engine loads', async () => {
  const listed = await readFile(join(project, 'node_modules/sottovoce/www/engine/files.js'), 'utf8');
  const names = [...listed.matchAll(/^  '([^']+)':/gm)].map(([, name]) => name);
  assert.ok(names.length > 30, `${names}`);
  for (const name of names) await readFile(join(project, 'node_modules/sottovoce', name));
});

test('publint and arethetypeswrong find nothing', () => {
  execFileSync(bin('publint'), ['--strict', PACKAGE], { stdio: 'inherit' });
  execFileSync(bin('attw'), [tarball, '--profile', 'esm-only'], { stdio: 'inherit' });
});

test('a program type-checks against its types', async () => {
  await writeFile(join(project, 'program.ts'), `
    import { Engine, analyze, explain, models, speakerReference, type Emotion, type Model, type SpeakerReference } from 'sottovoce';
    const { report } = await analyze(new Float32Array(16_000), { model: 'voice', signal: AbortSignal.timeout(1) });
    const certainty: 'likely' | 'leaning' | 'unsure' | 'no-speech' = report.certainty;
    const emotion: Emotion = 'sad';
    const { seconds, heat } = await explain(new Blob([]), { emotion });
    const speaker: SpeakerReference = await speakerReference([await analyze(new Blob([]))], { model: 'voice' });
    await explain(new Blob([]), { speaker });
    const sizes: number[] = (await models()).map(({ bytes }: Model) => bytes);
    const engine = new Engine({ model: 'voice' });
    engine.addEventListener('crash', ({ detail }) => console.warn(detail.message));
    for await (const { start_s, report } of engine.follow(new Blob([]), { step_s: 1 })) console.log(start_s, report?.label);
    engine.close();
    // @ts-expect-error There is no such model.
    await analyze(new Blob([]), { model: 'other' });
    export { certainty, seconds, heat, sizes };`);
  execFileSync(bin('tsc'), ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--ignoreConfig', 'program.ts'],
    { cwd: project, stdio: 'inherit' });
});

test('a bare Vite project builds it', async () => {
  execFileSync(bin('vite'), ['build', '--base', './', '--logLevel', 'warn'], { cwd: project, stdio: 'inherit' });
  await checkAt(join(project, 'dist'));
});

test('Vite\'s development server serves it', async () => {
  await writeFile(join(project, 'vite.config.js'), 'export default { optimizeDeps: { exclude: [\'sottovoce\'] } };');
  const vite = spawn(bin('vite'), ['--host', '127.0.0.1', '--port', '0', '--clearScreen', 'false'], { cwd: project });
  try {
    const url = await new Promise((resolve, reject) => {
      let output = '';
      vite.stdout.on('data', (data) => {
        output += data;
        // Output may be coloured.
        const [address] = output.replaceAll(/\u001b\[\d+m/g, '').match(/http:\/\/127\.0\.0\.1:\d+\//) ?? [];
        if (address) resolve(address);
      });
      vite.stderr.on('data', (data) => { output += data; });
      vite.on('exit', () => reject(new Error(output)));
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
  await clips(folder);
  await writeFile(join(folder, 'index.html'), `<!doctype html><title>A page</title><link rel="icon" href="data:,"><script type="module">
    import * as sottovoce from './sottovoce/www/api.js';
    globalThis.sottovoce = sottovoce;</script>`);
  await checkAt(folder);
});
