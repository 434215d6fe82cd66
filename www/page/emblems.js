// The shape of each emotion, so that nobody depends on its colour: filled where the model is sure, an outline where it leans.

/** @typedef {import('../engine/types.d.ts').Emotion} Emotion */

/** Outlines in a square of 24 by 24. @type {Record<Emotion, string>} */
export const OUTLINES = {
  angry: 'M12 2.5 22.5 21.5H1.5Z',
  disgust: 'M5.5 2 12 8.5 18.5 2 22 5.5 15.5 12 22 18.5 18.5 22 12 15.5 5.5 22 2 18.5 8.5 12 2 5.5Z',
  fear: 'M12 1.5 20.5 12 12 22.5 3.5 12Z',
  happy: 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20Z',
  neutral: 'M2 8.5H22V15.5H2Z',
  sad: 'M12 1.5C12 1.5 4 10.5 4 15.5a8 7.5 0 0 0 16 0C20 10.5 12 1.5 12 1.5Z',
  surprise: 'M12 .5 14.5 6 20.1 3.9 18 9.5 23.5 12 18 14.5 20.1 20.1 14.5 18 12 23.5 9.5 18 3.9 20.1 6 14.5 .5 12 6 9.5 3.9 3.9 9.5 6Z',
};

/** @param {Emotion} emotion */
export function emblem(emotion) {
  const picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('class', 'emblem');
  picture.setAttribute('aria-hidden', 'true');
  const outline = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  outline.setAttribute('d', OUTLINES[emotion]);
  picture.append(outline);
  return picture;
}

/** @param {CanvasRenderingContext2D} context In the colour that it has. @param {Emotion} emotion
 * @param {{x: number, y: number, size: number, isFilled: boolean}} place Its middle and size. */
export function drawEmblem(context, emotion, { x, y, size, isFilled }) {
  context.save();
  context.translate(x - size / 2, y - size / 2);
  context.scale(size / 24, size / 24);
  const outline = new Path2D(OUTLINES[emotion]);
  if (isFilled) context.fill(outline);
  else {
    context.lineWidth = 3;
    context.stroke(outline);
  }
  context.restore();
}
