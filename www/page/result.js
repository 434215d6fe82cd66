// A reading on the page: in words, bars and notes.

import { below, byId } from './dom.js';
import { emblem } from './emblems.js';
import { describeSpectrogram, drawSpectrogram } from './pictures.js';
import { showBackend } from './status.js';
import { decimal, t, translated } from './text.js';
import { EMOTIONS, NAMES, describeReading, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Reading} Reading */
/** @typedef {import('./types.d.ts').Origin} Origin */

/** Makes the seven rows in advance, so that nothing moves when a reading appears. */
export function layOutBars() {
  byId('bars').replaceChildren(...EMOTIONS.map((emotion) => {
    const row = document.createElement('li');
    row.dataset.emotion = emotion;
    const name = document.createElement('span');
    name.className = 'name';
    name.textContent = NAMES[emotion];
    const track = document.createElement('span');
    track.className = 'track';
    track.setAttribute('aria-hidden', 'true');
    track.append(document.createElement('span'));
    const value = document.createElement('span');
    value.className = 'value';
    value.textContent = '–';
    row.append(emblem(emotion), name, track, value);
    return row;
  }));
}

/** Of a sample clip, what the actor was asked for and what listeners heard. @param {Origin} origin */
function asked({ acted, perceived }) {
  if (!acted || !perceived) return [];
  return [
    t('The actor was asked for: {emotion}.', { emotion: NAMES[acted] }),
    t('Most listeners heard: {emotion}.', { emotion: perceived.map((emotion) => NAMES[emotion]).join(', ') }),
  ];
}

/** @param {Reading} reading @param {Origin} origin */
export function showReading(reading, origin) {
  const { report } = reading;
  const { headline, explained } = describeReading(report);
  byId('result').classList.remove('empty');
  byId('result').dataset.certainty = report.certainty;
  byId('headline').textContent = headline;
  byId('headline-emblem').replaceChildren(emblem(report.label));
  byId('headline-emblem').dataset.emotion = report.label;
  byId('explained').textContent = [explained, ...asked(origin)].join(' ');
  for (const row of /** @type {HTMLCollectionOf<HTMLElement>} */ (byId('bars').children)) {
    const share = report.probabilities[/** @type {import('../engine/types.d.ts').Emotion} */ (row.dataset.emotion)];
    row.classList.toggle('top', row.dataset.emotion === report.label);
    below(row, '.track > span').style.width = `${100 * share}%`;
    below(row, '.value').textContent = percent(share);
  }
  for (const button of byId('samples').querySelectorAll('button')) {
    if (button.dataset.source === origin.source) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  const advice = report.notes.map((note) => translated(note.advice));
  if (origin.byBrowser) {
    advice.push(t('The browser decoded this file, which could not be read here: the numbers may differ a little on another machine.'));
  }
  byId('notes').replaceChildren(...advice.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
  // The reading of a single channel has no note on the other one.
  byId('channel-choice').hidden = !origin.channel && !report.notes.some(({ code }) => code === 'dual-channel');
  byId('channel').value = String(origin.channel ?? '');
  drawPicture(reading);

  const { decode_ms, quality_ms, features_ms, model_ms } = report.timings;
  const until = report.heard_from_s + report.heard_s;
  const values = {
    source: origin.source, from: decimal(report.heard_from_s, 1), until: decimal(until, 1), whole: decimal(report.duration_s, 1),
    model: report.model, took: Math.max(1, Math.round(decode_ms + quality_ms + features_ms + model_ms)),
  };
  if (report.backend === 'webgpu') showBackend('');
  byId('meta').textContent = report.backend === 'webgpu'
    ? t('{source}: {from} to {until} s of {whole} s, read by {model} in {took} ms on the graphics processor.', values)
    : t('{source}: {from} to {until} s of {whole} s, read by {model} in {took} ms.', values);
}

/** Draws the spectrogram. @param {Reading} reading */
function drawPicture({ picture }) {
  drawSpectrogram(byId('picture'), picture.values, picture.rows);
  byId('picture-text').textContent = describeSpectrogram(picture.values, picture.rows);
}
