// The page: takes a voice from the microphone, a file or a sample, has it read, and shows what was said.

import { compareNext, setUpCompare } from './compare.js';
import { OWN, bytesOf, describe, scoresOnUnheardSpeakers } from '../engine/assets.js';
import { EngineError } from '../engine/engine-error.js';
import { Engine } from '../engine/engine.js';
import { readAt, readFile } from '../engine/reading.js';
import { dropped } from './folders.js';
import { bringAll, setUpOwn } from './own-panel.js';
import { given, setUpPrivacy } from './privacy.js';
import { setUpOffline } from './offline.js';
import { isLive, setUpLive, stopLive } from './live.js';
import { RECORD_S, Recorder } from './recorder.js';
import { lookInsideNext, remember, setUpInside } from './inside.js';
import { draw, layOutBars, show } from './result.js';
import { setUpFrontEnd, walkNext } from './front-end.js';
import { setUpLanguage } from './language.js';
import { decimal, t, translatePage, translated } from './text.js';
import * as timeline from './timeline.js';
import { explainNext, redraw, setUpWhy } from './why.js';
import { MUTED, inWords, percent, speaker } from './words.js';

/** @typedef {import('./compare.js').Asked} Asked */
/** @typedef {import('./compare.js').Read} Read */
/** @typedef {import('../engine/types.d.ts').Channel} Channel */
/** @typedef {import('../engine/types.d.ts').Manifest} Manifest */
/** @typedef {import('../engine/types.d.ts').UnseenCorpus} UnseenCorpus */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('../engine/types.d.ts').Sample} Sample */
/** @typedef {{source: string, acted?: string, byBrowser?: boolean, file?: File, channel?: Channel}} Origin */

/** The model that reads until the chosen one is loaded: a small one, so that nobody waits. */
const FIRST = 'mfcc1';
/** Said where nothing better is known. */
const UNEXPECTED = t('Something went wrong that should not have. Reload the page and try again.');
/** Shorter than this is a slip of the finger. */
const MIN_RECORD_S = 0.3;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Says what is going on, above the result. @param {string} text */
const say = (text) => { if (byId('status').textContent !== text) byId('status').textContent = text; };

/** Tells a screen reader what others see. @param {string} text */
const announce = (text) => { byId('announcement').textContent = text; };

/** @param {string} text Empty hides it. */
function complain(text) {
  byId('problem').textContent = text;
  byId('problem').hidden = !text;
  // Of a recording before.
  if (!text) warnMuted(false);
}

/** Tells that the microphone gives no sound, while it is so. @param {boolean} isMuted */
function warnMuted(isMuted) {
  const warning = byId('muted');
  if (warning.hidden !== isMuted) return;
  warning.textContent = isMuted ? MUTED : '';
  warning.hidden = !isMuted;
}

/** @param {boolean} working */
function setWorking(working) {
  byId('progress').hidden = !working;
  byId('result').setAttribute('aria-busy', String(working));
}

/** What `?backend=` in the address asks for; anything else is as good as nothing. */
function wantedBackend() {
  const wanted = new URLSearchParams(location.search).get('backend');
  return wanted === 'cpu' || wanted === 'webgpu' ? wanted : 'auto';
}

translatePage();
setUpLanguage();
layOutBars();

// Loading over a slow connection takes a while: it shows from the start, and disappears when the model is there.
let loading = true;
setWorking(true);
const engine = new Engine(FIRST, (share) => {
  if (loading) say(t('Loading the analyzer, {share}.', { share: percent(share) }));
}, wantedBackend());

/** @type {Reading | undefined} */
let shown;
/** Reads what is shown once more, by whatever model is chosen by then.
 * @type {(() => Promise<void>) | undefined} */
let readAgain;
/** Reads one channel of what is shown, or all of them.
 * @type {((channel?: Channel) => Promise<void>) | undefined} */
let readChannel;

/** @param {Reading} reading @param {Origin} origin @param {Read} read How it was read. */
function present(reading, origin, read) {
  shown = reading;
  readAgain = async () => {
    say(t('Listening to {source} again.', { source: origin.source }));
    const other = await attempt(origin, read);
    if (other) present(other, origin, read);
  };
  readChannel = async (channel) => {
    if (!origin.file) return;
    const file = origin.file;
    say(t('Listening to {source} again.', { source: origin.source }));
    /** @type {Origin} */ const chosen = { ...origin, channel };
    /** @type {Read} */ const readChosen = (asked) => readOneFile(file, chosen, asked);
    const other = await attempt(chosen, readChosen);
    if (other) present(other, chosen, readChosen);
    else byId('channel').value = origin.channel ?? '';
  };
  show(reading, origin);
  remember(origin.source, reading);
  explainNext(page, reading);
  lookInsideNext(page, reading);
  walkNext(page, reading);
  compareNext(page, read);
  const { headline, explained } = inWords(reading.report);
  say('');
  announce(`${headline}. ${explained}`);
}

/** Recordings that are being read. */
let working = 0;

/** Reads one recording, telling in words why if it cannot be read.
 * @param {Origin} origin @param {Read} read @param {(reason: string) => void} [tell] @returns {Promise<Reading | undefined>} */
async function attempt(origin, read, tell = (reason) => complain(`${origin.source}: ${reason}`)) {
  working += 1;
  setWorking(true);
  try {
    return await read(engine);
  } catch (error) {
    const known = error instanceof EngineError;
    if (!known) console.error(error);
    tell(known ? translated(error.message) : UNEXPECTED);
    say('');
    return undefined;
  } finally {
    working -= 1;
    setWorking(working > 0);
  }
}

byId('channel').addEventListener('change', () => {
  complain('');
  readChannel?.(byId('channel').value || undefined);
});

/** @param {Blob} file @param {Origin} origin @param {Asked} asked @returns {Promise<Reading>} */
async function readOneFile(file, origin, asked) {
  const { reading, byBrowser } = await readFile(asked, file, origin.channel);
  origin.byBrowser = byBrowser;
  return reading;
}

/** Takes away what belongs to another recording. */
function startOver() {
  byId('more').replaceChildren();
  stopLive();
  timeline.clear();
}

/** @param {Iterable<File>} files */
async function readFiles(files) {
  const all = [...files];
  given();
  complain('');
  if (all.length === 1) await readOne(all[0]);
  if (all.length > 1) await readSeveral(all);
}

/** @param {File} file */
async function readOne(file) {
  startOver();
  say(t('Listening to {source}.', { source: file.name }));
  /** @type {Origin} */ const origin = { source: file.name, file };
  /** @type {Read} */ const read = (asked) => readOneFile(file, origin, asked);
  const reading = await attempt(origin, read);
  if (!reading) return;
  present(reading, origin, read);
  if (reading.report.duration_s > timeline.LONG_S && !origin.byBrowser) {
    byId('more').replaceChildren(timeline.followButton(page, file, reading.report));
  }
}

/** Reads as many files at once as the engine can, and lists them; the last one is left on the page.
 * @param {File[]} files */
async function readSeveral(files) {
  const list = document.createElement('ul');
  list.className = 'files';
  list.setAttribute('aria-label', t('All files'));
  startOver();
  byId('more').append(list);
  /** @type {(() => void)[]} */ const presentEach = [];
  const rows = files.map(() => document.createElement('li'));
  const left = [...files.entries()];
  let count = 0;
  let failed = 0;
  const readOn = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [index, file] = next;
      say(t('Listening to {all} recordings, {count} read.', { all: files.length, count }));
      const origin = { source: file.name, file };
      /** @type {Read} */ const read = (asked) => readOneFile(file, origin, asked);
      let reason = '';
      const reading = await attempt(origin, read, (told) => { reason = told; });
      count += 1;
      if (reading) remember(origin.source, reading);
      if (reading) presentEach[index] = () => present(reading, origin, read);
      // Drawing takes as long as reading: what stands between is there to be chosen.
      if (count === 1) presentEach[index]?.();
      if (reading) {
        fill(rows[index], origin, reading, presentEach[index]);
      } else {
        failed += 1;
        rows[index].textContent = t('{source}: could not be read. {reason}', { source: origin.source, reason });
      }
      list.insertBefore(rows[index], rows.slice(index + 1).find((row) => row.isConnected) ?? null);
    }
  };
  const width = await engine.width().catch(() => 1);
  await Promise.all(Array.from({ length: width }, readOn));
  say('');
  if (failed) complain(t('Could not be read: {count} of {all} recordings. The list says why.', { count: failed, all: files.length }));
  presentEach.filter(Boolean).at(-1)?.();
}

/** Fills a line of the list of several files; choosing it shows its reading.
 * @param {HTMLLIElement} row @param {Origin} origin @param {Reading} reading @param {() => void} presentIt */
function fill(row, origin, reading, presentIt) {
  const button = document.createElement('button');
  button.type = 'button';
  const { headline } = inWords(reading.report);
  button.textContent = `${origin.source}: ${headline.toLowerCase()}`;
  button.addEventListener('click', () => {
    presentIt();
    byId('headline').focus();
  });
  row.append(button);
}

// ---- Files

byId('file').addEventListener('change', async (/** @type {Event} */ event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const files = [...(input.files ?? [])];
  // Choosing the same file again is a wish to read it again.
  input.value = '';
  await readFiles(files);
});

let dragDepth = 0;
/** @param {DragEvent} event */
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;
addEventListener('dragenter', (event) => {
  if (!bringsFiles(event)) return;
  dragDepth += 1;
  byId('drop').hidden = false;
});
addEventListener('dragleave', (event) => {
  if (!bringsFiles(event)) return;
  dragDepth -= 1;
  byId('drop').hidden = dragDepth <= 0;
});
addEventListener('dragover', (event) => {
  if (bringsFiles(event)) event.preventDefault();
});
addEventListener('drop', async (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  dragDepth = 0;
  byId('drop').hidden = true;
  if (!event.dataTransfer) return;
  const { folders, recordings } = await dropped(event.dataTransfer);
  await readFiles(recordings);
  if (folders.length) await bringAll(page, folders);
});

// ---- Microphone

/** @type {Recorder | undefined} */
let recorder;
let starting = false;

function showRecording(/** @type {boolean} */ recording) {
  byId('record').classList.toggle('recording', recording);
  byId('record-label').textContent = recording ? t('Stop') : t('Record');
  byId('meter').classList.toggle('on', recording);
  byId('level').style.width = '0';
}

async function startRecording() {
  complain('');
  starting = true;
  try {
    recorder = await Recorder.start((level, seconds, isMuted) => {
      warnMuted(isMuted);
      // A perceptual scale: -50 dB is empty, full scale is full.
      byId('level').style.width = `${Math.max(0, 100 + 40 * Math.log10(Math.max(level, 1e-5)))}%`;
      if (seconds >= RECORD_S) stopRecording();
    }, stopRecording);
    showRecording(true);
    say(t('Recording. Speak now; it stops by itself.'));
  } catch (error) {
    say('');
    complain(error instanceof EngineError ? translated(error.message)
      : t('The microphone could not be started in this browser. Choose a file instead.'));
  } finally {
    starting = false;
  }
}

async function stopRecording() {
  const current = recorder;
  recorder = undefined;
  if (!current) return;
  showRecording(false);
  const { samples, rateHz } = await current.stop();
  if (samples.length < MIN_RECORD_S * rateHz) {
    complain(t('That was too short to hear anything. Press Record, speak for two seconds or more, then stop.'));
    say('');
    return;
  }
  startOver();
  given();
  const origin = { source: t('Your recording') };
  say(t('Listening.'));
  /** @type {Read} */ const read = (asked) => asked.ask({ type: 'samples', samples, rateHz });
  const reading = await attempt(origin, read);
  if (reading) present(reading, origin, read);
}

byId('record').addEventListener('click', () => {
  if (starting || isLive()) return;
  if (recorder) stopRecording();
  else startRecording();
});

// ---- Samples

/** @param {Sample} sample */
function sampleButton(sample) {
  const button = document.createElement('button');
  button.type = 'button';
  const name = speaker(sample);
  button.textContent = name;
  button.addEventListener('click', async () => {
    complain('');
    startOver();
    const origin = { source: name, acted: sample.acted };
    say(t('Listening to {source}.', { source: name }));
    /** @type {Read} */ const read = (asked) => readAt(asked, new URL(`../samples/${sample.file}`, import.meta.url));
    const reading = await attempt(origin, read);
    if (reading) present(reading, origin, read);
  });
  return button;
}

async function showSamples() {
  const response = await fetch(new URL('../samples/samples.json', import.meta.url));
  /** @type {Sample[]} */ const samples = await response.json();
  byId('samples').append(...samples.map(sampleButton));
}

// ---- What is said of the model

/** @param {Manifest} manifest @param {number} [unheard] Accuracy with speakers that it never heard, if that was measured. */
const inShort = (manifest, unheard) => (unheard === undefined
  ? t('right in {share} of clips, {size}', { share: percent(manifest.metrics.accuracy), size: megabytes(manifest) })
  : t('right in {share} of clips by new voices, {size}', { share: percent(unheard), size: megabytes(manifest) }));

/** @param {Manifest} manifest */
const megabytes = (manifest) => `${decimal(bytesOf(manifest) / 1e6, 1)} MB`;

const unheardScores = scoresOnUnheardSpeakers();

async function showAccuracy() {
  const manifest = await engine.manifest();
  const { metrics, name, summary, training } = manifest;
  // The figures are those of the models that ship.
  const unheard = model.startsWith(OWN) ? undefined : (await unheardScores)[name];
  const isRandom = training.split === 'random';
  const outlook = isRandom ? [unheard
    ? t('Trained in the same way without some of the speakers, it is right in {share} of their {clips} clips: expect that of a new voice that acts as they do.',
      { share: percent(unheard.accuracy), clips: unheard.clips })
    : t('With voices it never heard, expect it to be right less often; that is not measured yet.')] : [];
  const heard = isRandom ? [t('It had heard other clips of those speakers.')] : [];
  const corpora = Object.entries(metrics.accuracy_by_corpus).map(([corpus, accuracy]) => `${corpus} ${percent(accuracy)}`).join(', ');
  byId('accuracy').textContent = [
    t('The chosen model is {name}, {size}: {summary}.', { name, size: megabytes(manifest), summary: translated(summary) }),
    ...elsewhere(manifest),
    ...outlook,
    t('It names the emotion the actor was asked for in {share} of {clips} clips it was not trained on: {corpora}.',
      { share: percent(metrics.accuracy), clips: metrics.clips, corpora }),
    ...heard,
  ].join(' ');
}

/** What a model does on recordings of a kind that it never met. @param {Manifest} manifest @returns {string[]} */
function elsewhere({ unseen_corpora: corpora = [] }) {
  if (corpora.length === 0) return [];
  const sum = (/** @type {(corpus: UnseenCorpus) => number} */ of) => corpora.reduce((total, corpus) => total + of(corpus), 0);
  const accuracies = corpora.map(({ accuracy }) => accuracy);
  const certain = sum(({ clips, said }) => clips * said);
  const right = sum(({ clips, said, right: share }) => clips * said * (share ?? 0));
  const met = { count: corpora.length, low: percent(Math.min(...accuracies)), high: percent(Math.max(...accuracies)) };
  return certain === 0
    ? [t('On {count} collections of recordings that it never met, of other languages, rooms and plain speech, it is right in {low} to {high} of the clips; it is sure of none.', met)]
    : [t('On {count} collections of recordings that it never met, of other languages, rooms and plain speech, it is right in {low} to {high} of the clips; it is sure (“sounds”) of {sure} of them, and right in {right} of those.',
      { ...met, sure: percent(certain / sum(({ clips }) => clips)), right: percent(right / certain) })];
}

/** Tells beside the name of each model that ships how well it does and how large it is. */
async function showModels() {
  const shipped = [...byId('model').options].filter(({ value }) => !value.startsWith(OWN));
  await Promise.all(shipped.map(async (option) => {
    const [manifest, unheard] = await Promise.all([describe(option.value), unheardScores]);
    option.textContent = `${option.textContent}: ${inShort(manifest, unheard[option.value]?.accuracy)}`;
  }));
}

/** The model that reads now. */
let model = FIRST;
/** Ends the loading of another one.
 * @type {AbortController | undefined} */
let choosing;

/** Loads another model, which reads from then on, and once more what is shown. Until it is there, and if it cannot be
 * loaded, the one before it reads.
 * @param {string} chosen */
async function choose(chosen) {
  choosing?.abort();
  timeline.stop();
  const current = new AbortController();
  choosing = current;
  complain('');
  try {
    await engine.use(chosen, (share) => showLoading(chosen, share), current.signal);
    model = chosen;
    document.documentElement.dataset.model = chosen;
    await showAccuracy();
  } catch (error) {
    // Another choice took the place of this one.
    if (choosing !== current) return;
    byId('model').value = model;
    if (!current.signal.aborted) complain(error instanceof EngineError ? translated(error.message) : String(error));
    return;
  } finally {
    if (choosing === current) {
      choosing = undefined;
      showLoading();
    }
  }
  await readAgain?.();
}

/** Says how far a model is loaded, and what reads until then.
 * @param {string} [chosen] None hides it. @param {number} [share] */
function showLoading(chosen, share = 0) {
  byId('loading').hidden = !chosen;
  if (!chosen) return;
  byId('loading-progress').value = share;
  const text = t('Loading {model}, {share}. Until then {other} reads.',
    { model: spoken(chosen), share: percent(share), other: spoken(model) });
  if (byId('loading-text').textContent !== text) byId('loading-text').textContent = text;
}

/** @param {string} model */
const spoken = (model) => model.replace(OWN, '');

/** Ends what the visitor waits for beside a model.
 * @type {AbortController | undefined} */
let busy;

/** Says what goes on, with a way to end it.
 * @param {string} text
 * @param {(signal: AbortSignal, tell: (text: string, share?: number) => void) => Promise<void>} work Tells how far it is. */
async function whileBusy(text, work) {
  const current = new AbortController();
  busy = current;
  byId('loading').hidden = false;
  byId('loading-progress').removeAttribute('value');
  byId('loading-text').textContent = text;
  try {
    await work(current.signal, (text, share) => {
      byId('loading-text').textContent = text;
      if (share !== undefined) byId('loading-progress').value = share;
    });
  } finally {
    busy = undefined;
    byId('loading').hidden = !choosing;
  }
}

byId('model').addEventListener('change', () => choose(byId('model').value));
byId('cancel-loading').addEventListener('click', () => {
  (busy ?? choosing)?.abort();
  byId('model').focus();
});

/** Does what a visitor asked for beside readings, complaining in words if it fails.
 * @param {() => Promise<void>} work */
async function attemptMore(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof EngineError)) console.error(error);
    complain(error instanceof EngineError ? translated(error.message) : UNEXPECTED);
  }
}

const page = { engine, choose, complain, announce, warnMuted, whileBusy, attempt: attemptMore };
setUpOwn(page);
setUpWhy(page);
setUpInside(page);
setUpFrontEnd(page);
setUpCompare(page);
setUpPrivacy(page);
setUpLive(page, () => {
  complain('');
  startOver();
  given();
});

addEventListener('sottovoce-backend', (event) => {
  complain(translated(/** @type {CustomEvent} */ (event).detail.message));
});

addEventListener('sottovoce-crash', (event) => {
  complain(translated(/** @type {CustomEvent} */ (event).detail.message));
  say('');
});

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  if (shown) draw(shown);
  redraw();
  timeline.draw();
});

showSamples().catch(() => byId('samples').remove());
showAccuracy().then(showModels).catch((error) => {
  complain(error instanceof EngineError ? translated(error.message) : String(error));
}).finally(() => {
  loading = false;
  setWorking(false);
  if (!shown) say('');
  document.documentElement.dataset.model = model;
  const chosen = byId('model').value;
  if (chosen !== FIRST) choose(chosen).finally(() => setUpOffline(page));
  else setUpOffline(page);
});
