// Colours and strengths of the style sheet, for canvas.

/** An element of the document resolves what a custom property itself leaves open, such as `light-dark()`. */
const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** @param {string} token Such as `--ink`. */
export function colourOf(token) {
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}

/** How strongly to draw a reading. @param {import('../engine/types.d.ts').Report['certainty']} certainty */
export function strengthOf(certainty) {
  const token = certainty === 'likely' ? '--sure' : certainty === 'leaning' ? '--leaning' : '--unsure';
  return Number(getComputedStyle(probe).getPropertyValue(token));
}
