// The microphone of the element, in a frame of this site that is no larger than its button. The page around it can neither press
// the button nor ask for a recording; what is heard stays here, and is read here.

import { EngineError } from '../engine/engine-error.js';
import { engineOf } from '../engine/engines.js';
import { RECORD_S, Recorder } from '../page/recorder.js';
import { language, t } from '../page/text.js';
import { answerEmbedder, inWords, target } from './embedder.js';
import { told } from './told.js';

/** The button must have been there to be seen for so long, in milliseconds, before it can be pressed. */
const SEEN_MS = 500;

const button = /** @type {HTMLButtonElement} */ (document.querySelector('button'));
const theme = new URLSearchParams(location.search).get('theme');
if (theme) document.documentElement.dataset.theme = theme;
document.documentElement.lang = language;
button.textContent = t('Record');

/** @type {string | undefined} */ let model;
/** @type {(message: object) => void} */ let tell = () => {};
/** Of the recording that goes on. @type {(() => void) | undefined} */ let stop;

answerEmbedder({
  /** Says which model is to read, and who is told. */
  hello: (asked, _, origin) => {
    model = asked.model;
    tell = (message) => parent.postMessage({ sottovoce: 1, ...message }, target(origin));
    button.disabled = false;
  },
});

/** Since when all of the button can be seen, in the time of events. @type {number | undefined} */
let seenSince;
// A page may lay something over the button, or make it transparent, so that a visitor presses it unknowingly. Chromium tells;
// others tell whether it lies in view.
const sight = { threshold: [0.99], trackVisibility: true, delay: 100 };
new IntersectionObserver((entries) => {
  const entry = /** @type {IntersectionObserverEntry & {isVisible?: boolean}} */ (entries.at(-1));
  const isSeen = entry.intersectionRatio >= 0.99 && entry.isVisible !== false;
  seenSince = isSeen ? seenSince ?? performance.now() : undefined;
}, sight).observe(button);

button.addEventListener('click', async (event) => {
  if (!event.isTrusted) return;
  if (stop) return stop();
  try {
    if (seenSince === undefined || event.timeStamp - seenSince < SEEN_MS) {
      throw new EngineError('not-seen', 'The button that records was covered, or had only just appeared. Press it again in a moment.');
    }
    tell({ type: 'recording' });
    // Loaded while somebody speaks.
    const engine = engineOf(model, (share) => tell({ type: 'progress', share }));
    const recorded = await record();
    tell({ type: 'answer', answer: told(await engine.ask({ type: 'samples', ...recorded })) });
  } catch (error) {
    tell({ type: 'error', ...inWords(error) });
  }
});

/** Records until it is stopped or long enough. */
async function record() {
  const ended = new Promise((resolve) => { stop = () => resolve(undefined); });
  button.textContent = t('Stop');
  try {
    const recorder = await Recorder.start((level, seconds, muted) => {
      tell({ type: 'progress', level, seconds, muted });
      if (seconds >= RECORD_S) stop?.();
    }, () => stop?.());
    await ended;
    return await recorder.stop();
  } finally {
    stop = undefined;
    button.textContent = t('Record');
  }
}
