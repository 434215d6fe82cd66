// The engine for pages that embed it, in a frame of this site: asked and answered by messages, which the element alone sends.
// What a microphone gives stays in this frame; the page around it gets the reading alone.

import { EngineError } from '../engine/engine-error.js';
import { engineOf } from '../engine/engines.js';
import { read, readAt } from '../engine/reading.js';
import { RECORD_S, Recorder } from '../page/recorder.js';
import { t, translated } from '../page/text.js';
import { EMOTIONS, NAMES, inWords, percent, speaker } from '../page/words.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('../engine/types.d.ts').Sample} Sample */
/** @typedef {{id: number, ask: string, model?: string, audio?: unknown}} Asked */
/** @typedef {(progress: Record<string, number>) => void} Tell */

/** @type {Promise<Sample[]> | undefined} */
let samples;
const listSamples = () => {
  samples ??= fetch(new URL('../samples/samples.json', import.meta.url)).then((response) => response.json());
  return samples;
};

/** @param {Sample} sample */
const addressOf = ({ file }) => new URL(`../samples/${file}`, import.meta.url);

let isRecording = false;
/** @type {() => void} */ let stopRecording = () => {};

/** Records until it is stopped or long enough. @param {Tell} tell */
async function record(tell) {
  if (isRecording) throw new EngineError('recording', 'It records already. Stop that first.');
  isRecording = true;
  try {
    const ended = new Promise((resolve) => { stopRecording = () => resolve(undefined); });
    const recorder = await Recorder.start((level, seconds) => {
      tell({ level, seconds });
      if (seconds >= RECORD_S) stopRecording();
    }, stopRecording);
    await ended;
    return await recorder.stop();
  } finally {
    isRecording = false;
  }
}

/** What is answered to each question.
 * @type {Record<string, (asked: Asked, tell: Tell) => unknown>} */
const answers = {
  hello: async () => ({
    samples: (await listSamples()).map((sample) => ({
      file: addressOf(sample).href, name: speaker(sample),
    })),
    emotions: EMOTIONS.map((emotion) => ({ emotion, name: NAMES[emotion] })),
    labels: {
      title: t('The emotion in a voice'), record: t('Record'), stop: t('Stop'), file: t('Choose a file'),
      empty: t('No voice yet'), bars: t('How likely each emotion is'), player: t('What the model heard'), listening: t('Listening.'),
      loading: t('Loading the analyzer, {share}.'),
      notice: t('Learnt from actors speaking English; it does not know what anyone feels. Use it on sample clips and on your own voice: in the European Union it is forbidden to infer the emotions of pupils and employees.'),
      link: t('What this means, and what it does not'),
    },
  }),

  analyze: async ({ model, audio }, tell) => {
    const engine = engineOf(model, (share) => tell({ share }));
    const acted = (await listSamples()).find(({ file }) => typeof audio === 'string' && audio.endsWith(`/${file}`));
    return acted ? told(await readAt(engine, addressOf(acted)), acted.acted) : told(await read(engine, audio));
  },

  record: async ({ model }, tell) => {
    const engine = engineOf(model, (share) => tell({ share }));
    return told(await engine.ask({ type: 'samples', ...await record(tell) }));
  },

  stop: () => stopRecording(),
};

/** A reading as pages get it: the report, and the same in words. @param {Reading} reading @param {string} [acted] */
function told({ report }, acted) {
  const { headline, explained } = inWords(report);
  return {
    report, headline,
    explained: acted ? `${explained} ${t('The actor was asked for: {emotion}.', { emotion: NAMES[acted] })}` : explained,
    notes: report.notes.map(({ advice }) => translated(advice)),
    shares: EMOTIONS.map((emotion) => ({ emotion, share: report.probabilities[emotion], text: percent(report.probabilities[emotion]) })),
  };
}

addEventListener('message', async ({ data, source, origin }) => {
  // The page around this one, and nobody else.
  if (source !== parent || data?.sottovoce !== 1 || typeof data.id !== 'number') return;
  const to = origin === 'null' ? '*' : origin;
  const reply = (/** @type {object} */ message) => parent.postMessage({ sottovoce: 1, id: data.id, ...message }, to);
  try {
    const answer = Object.hasOwn(answers, data.ask) ? answers[data.ask] : undefined;
    if (!answer) throw new EngineError('no-question', `There is no question “${data.ask}”: ask ${Object.keys(answers).join(', ')}.`);
    reply({ type: 'answer', answer: await answer(data, (progress) => reply({ type: 'progress', ...progress })) });
  } catch (error) {
    if (!(error instanceof EngineError)) console.error(error);
    const { code, message } = error instanceof EngineError ? error
      : { code: 'unexpected', message: 'Something went wrong that should not have. Reload the page and try again.' };
    reply({ type: 'error', code, message: translated(message) });
  }
});

parent.postMessage({ sottovoce: 1, type: 'ready' }, '*');
// Asked for first of all; if it fails now, it is tried again when it is asked for.
listSamples().catch(() => { samples = undefined; });
