// The page: starts the engine, and sets up what takes recordings, shows readings and chooses models.

import { EngineError } from '../engine/engine-error.js';
import { Engine } from '../engine/engine.js';
import { labelModels } from './accuracy.js';
import { clearPrevious, reanalyzeShown, shownReading } from './analysis.js';
import { setUpCompare } from './compare.js';
import { byId } from './dom.js';
import { analyzeFiles, setUpFileInput } from './file-input.js';
import { setUpFrontEnd } from './front-end.js';
import { setUpHandedOver } from './handed-over.js';
import { setUpInside } from './inside.js';
import { setUpLanguage } from './language.js';
import { setUpLive } from './live.js';
import { FIRST_MODEL, markCurrentModel, setUpModelChoice, showCurrentModel, useModel } from './model-choice.js';
import { setUpOffline, setUpOfflineBadge } from './offline.js';
import { setUpOwn } from './own-panel.js';
import { noteRecording, setUpPrivacy } from './privacy.js';
import { setUpRecording } from './recording.js';
import { layOutBars } from './result.js';
import { setUpSameSpeaker } from './same-speaker.js';
import { drawSaved, setUpSave } from './save.js';
import { showSamples } from './samples.js';
import { setBusy, showBackend, showProblem, showStatus } from './status.js';
import { setUpTeach } from './teach.js';
import { t, translatePage, translated } from './text.js';
import * as timeline from './timeline.js';
import * as trace from './trace.js';
import { setUpViews } from './views.js';
import { drawExplanation, setUpWhy } from './why.js';
import { percent } from './words.js';

/** What `?backend=` in the address asks for; anything else counts as nothing. */
function requestedBackend() {
  const requested = new URLSearchParams(location.search).get('backend');
  return requested === 'cpu' || requested === 'webgpu' ? requested : 'auto';
}

translatePage();
setUpLanguage();
setUpOfflineBadge();
layOutBars();
trace.setUpTrace();

// Over a slow connection loading takes a while: progress shows from the start until the model is there.
let isLoading = true;
setBusy(true);
const engine = new Engine(FIRST_MODEL, (share) => {
  if (isLoading) showStatus(t('Loading the analyzer, {share}.', { share: percent(share) }));
}, requestedBackend());

const page = { engine, useModel: (/** @type {string} */ model) => useModel(engine, model) };
setUpFileInput(page);
setUpHandedOver((files) => analyzeFiles(engine, files));
setUpRecording(engine);
setUpModelChoice(engine);
setUpOwn(page);
setUpSameSpeaker(engine, reanalyzeShown);
setUpTeach(engine);
setUpSave();
timeline.setUpTimeline(engine);
setUpWhy(engine);
setUpInside(engine);
setUpFrontEnd(engine);
setUpCompare(engine);
setUpPrivacy(page);
setUpLive(engine, () => {
  showProblem('');
  clearPrevious();
  noteRecording();
});

engine.addEventListener('backend', (event) => {
  showBackend(translated(/** @type {CustomEvent} */ (event).detail.message));
});

engine.addEventListener('crash', (event) => {
  showProblem(translated(/** @type {CustomEvent} */ (event).detail.message));
  showStatus('');
});

setUpViews();

for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)']) {
  matchMedia(query).addEventListener('change', () => {
    trace.draw();
    drawExplanation();
    timeline.draw();
    drawSaved();
  });
}

showSamples(engine).catch(() => byId('samples').remove());
showCurrentModel(engine).then(labelModels).catch((error) => {
  showProblem(error instanceof EngineError ? translated(error.message) : String(error));
}).finally(() => {
  isLoading = false;
  setBusy(false);
  if (!shownReading()) showStatus('');
  markCurrentModel();
  const chosen = byId('model').value;
  // A larger model would slow a reading down that was asked for already.
  if (chosen !== FIRST_MODEL) engine.settled().then(() => useModel(engine, chosen)).finally(setUpOffline);
  else setUpOffline();
});
