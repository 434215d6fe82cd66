// A reading on the page: in words, bars, notes and pictures.

import { below, byId } from './dom.js';
import { describeSpectrogram, describeWaveform, drawSpectrogram, drawWaveform } from './pictures.js';
import { decimal, t, translated } from './text.js';
import { encodeWav } from './wav.js';
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
    row.append(name, track, value);
    return row;
  }));
}

/** @param {Reading} reading @param {Origin} origin */
export function showReading(reading, origin) {
  const { report, samples, picture } = reading;
  const { headline, explained } = describeReading(report);
  byId('result').classList.remove('empty');
  byId('result').dataset.certainty = report.certainty;
  byId('headline').textContent = headline;
  byId('explained').textContent = origin.acted
    ? `${explained} ${t('The actor was asked for: {emotion}.', { emotion: NAMES[origin.acted] })}`
    : explained;
  for (const row of /** @type {HTMLCollectionOf<HTMLElement>} */ (byId('bars').children)) {
    const share = report.probabilities[/** @type {import('../engine/types.d.ts').Emotion} */ (row.dataset.emotion)];
    row.classList.toggle('top', row.dataset.emotion === report.label);
    below(row, '.track > span').style.width = `${100 * share}%`;
    below(row, '.value').textContent = percent(share);
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
  drawPictures(reading);
  byId('waveform-text').textContent = describeWaveform(samples, report.heard_s);
  byId('picture-text').textContent = describeSpectrogram(picture.values, picture.rows);

  const player = byId('player');
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(encodeWav(samples.subarray(0, Math.round(report.heard_s * 16_000)), 16_000));
  player.hidden = false;

  const { decode_ms, quality_ms, features_ms, model_ms } = report.timings;
  const until = report.heard_from_s + report.heard_s;
  const values = {
    source: origin.source, from: decimal(report.heard_from_s, 1), until: decimal(until, 1), whole: decimal(report.duration_s, 1),
    model: report.model, took: Math.max(1, Math.round(decode_ms + quality_ms + features_ms + model_ms)),
  };
  byId('meta').textContent = report.backend === 'webgpu'
    ? t('{source}: {from} to {until} s of {whole} s, read by {model} in {took} ms on the graphics processor.', values)
    : t('{source}: {from} to {until} s of {whole} s, read by {model} in {took} ms.', values);
}

/** Draws the pictures; again when the colours change.
 * @param {Reading} reading */
export function drawPictures({ samples, picture }) {
  drawn = samples;
  drawWaveform(byId('waveform'), samples, marked);
  drawSpectrogram(byId('picture'), picture.values, picture.rows);
}

// Samples of the waveform, and the span marked on it, in seconds.
/** @type {Float32Array} */ let drawn = new Float32Array(1);
/** @type {[number, number] | undefined} */ let marked;

/** Marks a span of the waveform, or none. @param {number} [from] Seconds. @param {number} [to] */
export function markSpan(from, to) {
  marked = from === undefined || to === undefined ? undefined : [from, to];
  drawWaveform(byId('waveform'), drawn, marked);
}

/** Plays a span of the clip. @param {number} from Seconds. @param {number} to */
export function playSpan(from, to) {
  const player = byId('player');
  const stop = () => {
    if (player.currentTime < to && !player.ended) return;
    player.pause();
    player.removeEventListener('timeupdate', stop);
  };
  player.currentTime = from;
  player.addEventListener('timeupdate', stop);
  player.play();
}
