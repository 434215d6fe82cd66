// A reading on the page: in words, bars, notes and pictures.

import { drawPicture, drawWaveform, pictureInWords, waveformInWords } from './pictures.js';
import { decimal, t, translated } from './text.js';
import { wav } from './wav.js';
import { EMOTIONS, NAMES, inWords, percent } from './words.js';

/** @typedef {import('../engine/types.d.ts').Channel} Channel */
/** @typedef {import('../engine/types.d.ts').Reading} Reading */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** Makes the seven rows once, so that nothing moves when a reading comes. */
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

/** @param {Reading} reading @param {{source: string, acted?: string, byBrowser?: boolean, channel?: Channel}} origin */
export function show(reading, origin) {
  const { report, samples, picture, pictureRows } = reading;
  const { headline, explained } = inWords(report);
  byId('result').classList.remove('empty');
  byId('result').dataset.certainty = report.certainty;
  byId('headline').textContent = headline;
  byId('explained').textContent = origin.acted
    ? `${explained} ${t('The actor was asked for: {emotion}.', { emotion: NAMES[origin.acted] })}`
    : explained;
  for (const row of byId('bars').children) {
    const share = report.probabilities[row.dataset.emotion];
    row.classList.toggle('top', row.dataset.emotion === report.label);
    row.querySelector('.track > span').style.width = `${100 * share}%`;
    row.querySelector('.value').textContent = percent(share);
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
  // Once a channel is chosen, no note tells of the other.
  byId('channel-choice').hidden = !origin.channel && !report.notes.some(({ code }) => code === 'dual-channel');
  byId('channel').value = origin.channel ?? '';
  draw(reading);
  byId('waveform-text').textContent = waveformInWords(samples, report.heard_s);
  byId('picture-text').textContent = pictureInWords(picture, pictureRows);

  const player = byId('player');
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(wav(samples.subarray(0, Math.round(report.heard_s * 16_000)), 16_000));
  player.hidden = false;

  const { decode_ms, quality_ms, features_ms, model_ms } = report.timings;
  const until = report.heard_from_s + report.heard_s;
  const values = {
    source: origin.source, from: decimal(report.heard_from_s, 1), until: decimal(until, 1), whole: decimal(report.duration_s, 1),
    model: report.model, took: Math.max(1, Math.round(decode_ms + quality_ms + features_ms + model_ms)),
  };
  byId('meta').textContent = report.backend === 'webgpu'
    ? t('{source}: heard {from} to {until} s of {whole} s, read by {model} in {took} ms on the graphics processor.', values)
    : t('{source}: heard {from} to {until} s of {whole} s, read by {model} in {took} ms.', values);
}

/** Draws the pictures, also anew when the colours change.
 * @param {Reading} reading */
export function draw({ samples, picture, pictureRows }) {
  drawn = samples;
  drawWaveform(byId('waveform'), samples, marked);
  drawPicture(byId('picture'), picture, pictureRows);
}

// What the waveform shows, and the seconds that are marked on it.
/** @type {Float32Array} */ let drawn = new Float32Array(1);
/** @type {[number, number] | undefined} */ let marked;

/** Marks seconds on the waveform; none without any. @param {number} [from] @param {number} [to] */
export function mark(from, to) {
  marked = from === undefined || to === undefined ? undefined : [from, to];
  drawWaveform(byId('waveform'), drawn, marked);
}

/** Plays a part of what was heard. @param {number} from Seconds. @param {number} to */
export function play(from, to) {
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
