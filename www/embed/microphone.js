// The element's microphone, in a frame of this site that is as large as its button. The embedding page can neither press the
// button nor request a recording; the audio stays here and is analyzed here.

import { EngineError } from '../engine/engine-error.js';
import { language } from '../page/text.js';
import { answerEmbedder, targetOrigin } from './embedder.js';
import { setUpRecordButton } from './record-button.js';

/** How long the button must have been visible before it can be pressed. */
const VISIBLE_MS = 500;

const button = /** @type {HTMLButtonElement} */ (document.querySelector('button'));
const theme = new URLSearchParams(location.search).get('theme');
if (theme) document.documentElement.dataset.theme = theme;
document.documentElement.lang = language;

/** @type {string | undefined} */ let model;
/** @type {(message: object) => void} */ let send = () => {};

answerEmbedder({
  /** Sets the model, and where to send readings. */
  hello: (request, _, origin) => {
    model = request.model;
    send = (message) => parent.postMessage({ sottovoce: 1, ...message }, targetOrigin(origin));
    button.disabled = false;
  },
});

/** Since when all of the button is visible, as an event timestamp. @type {number | undefined} */
let visibleSince;
// A page may cover the button or make it transparent, so that a visitor presses it unknowingly (clickjacking). Chromium detects
// that; other browsers report only whether the button is in view.
const visibility = { threshold: [0.99], trackVisibility: true, delay: 100 };
new IntersectionObserver((entries) => {
  const entry = /** @type {IntersectionObserverEntry & {isVisible?: boolean}} */ (entries.at(-1));
  const isVisible = entry.intersectionRatio >= 0.99 && entry.isVisible !== false;
  visibleSince = isVisible ? visibleSince ?? performance.now() : undefined;
}, visibility).observe(button);

setUpRecordButton(button, {
  model: () => model,
  check: ({ timeStamp }) => {
    if (visibleSince !== undefined && timeStamp - visibleSince >= VISIBLE_MS) return;
    throw new EngineError('not-seen', 'The button that records was covered, or had only just appeared. Press it again in a moment.');
  },
  send: (message) => send(message),
});
