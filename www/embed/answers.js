// Answers to the questions of an element: what it shows, and the reading of a recording.

import { engineOf } from '../engine/engines.js';
import { fileAt } from '../engine/files.js';
import { analyzeAudio, analyzeUrl } from '../engine/reading.js';
import { OUTLINES } from '../page/emblems.js';
import { t } from '../page/text.js';
import { EMOTIONS, MUTED, NAMES, speaker } from '../page/words.js';
import { embedReading } from './embed-reading.js';

/** @typedef {import('../page/types.d.ts').OfferedSample} OfferedSample */

/** @type {Promise<OfferedSample[]> | undefined} */
let samples;
const listSamples = () => {
  samples ??= fetch(fileAt('www/samples/samples.json')).then((response) => response.json())
    // Those that are read as they were acted: an element has no room to say why the other is there.
    .then((all) => all.filter((/** @type {OfferedSample} */ { disputed }) => !disputed))
    // The next question tries again.
    .catch((error) => {
      samples = undefined;
      throw error;
    });
  return samples;
};

/** @param {OfferedSample} sample */
const addressOf = ({ file }) => fileAt(`www/samples/${file}`);

export const answers = {
  hello: async () => ({
    samples: (await listSamples()).map((sample) => ({
      file: addressOf(sample).href, name: speaker(sample),
    })),
    emotions: EMOTIONS.map((emotion) => ({ emotion, name: NAMES[emotion], outline: OUTLINES[emotion] })),
    labels: {
      title: t('The emotion in a voice'), record: t('Record'), file: t('Choose a file'),
      empty: t('No voice yet'), bars: t('How likely each emotion is'), player: t('What the model read'), listening: t('Listening.'), muted: MUTED,
      loading: t('Loading the analyzer, {share}.'),
      notice: t('Learnt from actors speaking English; it does not know what anyone feels. Use it on sample clips and on your own voice: in the European Union it is forbidden to infer the emotions of pupils and employees.'),
      link: t('What this means, and what it does not'),
    },
  }),

  /** @param {{model?: string, audio?: unknown}} question @param {(progress: Record<string, number>) => void} onProgress */
  analyze: async ({ model, audio }, onProgress) => {
    const engine = engineOf(model, (share) => onProgress({ share }));
    const sample = (await listSamples()).find((sample) => audio === addressOf(sample).href);
    return sample ? embedReading(await analyzeUrl(engine, addressOf(sample)), sample.acted)
      : embedReading(await analyzeAudio(engine, audio));
  },
};
