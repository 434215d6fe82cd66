// The engine for pages that embed it, in a hidden frame of this site: asked and answered by messages, which the element alone
// sends. It has no microphone.

import { engineOf } from '../engine/engines.js';
import { read, readAt } from '../engine/reading.js';
import { t } from '../page/text.js';
import { EMOTIONS, MUTED, NAMES, speaker } from '../page/words.js';
import { answerEmbedder } from './embedder.js';
import { told } from './told.js';

/** @typedef {import('../engine/types.d.ts').Sample} Sample */

/** @type {Promise<Sample[]> | undefined} */
let samples;
const listSamples = () => {
  samples ??= fetch(new URL('../samples/samples.json', import.meta.url)).then((response) => response.json());
  return samples;
};

/** @param {Sample} sample */
const addressOf = ({ file }) => new URL(`../samples/${file}`, import.meta.url);

answerEmbedder({
  hello: async () => ({
    samples: (await listSamples()).map((sample) => ({
      file: addressOf(sample).href, name: speaker(sample),
    })),
    emotions: EMOTIONS.map((emotion) => ({ emotion, name: NAMES[emotion] })),
    labels: {
      title: t('The emotion in a voice'), record: t('Record'), file: t('Choose a file'),
      empty: t('No voice yet'), bars: t('How likely each emotion is'), player: t('What the model heard'), listening: t('Listening.'), muted: MUTED,
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
});

// Asked for first of all; if it fails now, it is tried again when it is asked for.
listSamples().catch(() => { samples = undefined; });
