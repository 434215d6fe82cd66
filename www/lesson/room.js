// The lesson in a room: large for a projector, and by itself for an exhibition, where it starts over when nobody is there. Both are in
// the address, so that a bookmark keeps them.

import { byId } from '../page/dom.js';

/** Without input for this long, an exhibit starts over; it says so before. */
const IDLE_MS = 60_000;
const WARNING_MS = 10_000;

/** Each has a box, a parameter of the address and a class of the document. */
const MODES = /** @type {const} */ (['projector', 'exhibition']);

/** Sets up the boxes, before the page loads anything: the size of the text must not change later. */
export function setUpModes() {
  const address = new URL(location.href);
  for (const mode of MODES) {
    const box = byId(mode);
    box.checked = address.searchParams.has(mode);
    box.addEventListener('change', () => {
      const changed = new URL(location.href);
      if (box.checked) changed.searchParams.set(mode, '');
      else changed.searchParams.delete(mode);
      history.replaceState(null, '', changed);
      apply();
    });
  }
  const apply = () => {
    for (const mode of MODES) document.documentElement.classList.toggle(mode, byId(mode).checked);
  };
  apply();
}

/** @param {() => void} startOver */
export function setUpExhibition(startOver) {
  let touchedAt = performance.now();
  /** Whether there is something to start over. */
  let isTouched = false;
  const touch = () => {
    touchedAt = performance.now();
    isTouched = true;
    byId('idle').hidden = true;
  };
  for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove', 'change', 'play']) addEventListener(event, touch, { capture: true, passive: true });
  setInterval(() => {
    if (!byId('exhibition').checked || !isTouched) return;
    if ([...document.querySelectorAll('audio')].some(({ paused }) => !paused)) touch();
    const leftMs = touchedAt + IDLE_MS - performance.now();
    byId('idle').hidden = leftMs > WARNING_MS;
    if (leftMs > WARNING_MS) return;
    if (leftMs > 0) return;
    byId('idle').hidden = true;
    isTouched = false;
    startOver();
  }, 500);
}
