// The microphone, with Chromium's fake device playing a recording.

import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MuteDetector } from '../../www/page/muted.js';
import { chooseModel, chosenModel, fakeMicrophone, launch, open, readingOf, serve, speech, useSite, useTemporaryFolder, wav16 } from './support.mjs';

/** Keeps the samples that the page sends to its worker. */
const keepRecording = () => {
  const { prototype } = document.querySelector('iframe').contentWindow.Worker;
  const post = prototype.postMessage;
  prototype.postMessage = function keep(message, ...rest) {
    if (message.type === 'samples') globalThis.recorded = { samples: [...message.samples], rateHz: message.rateHz };
    return post.call(this, message, ...rest);
  };
};

/** Where in `whole`, which repeats, `part` begins: the offset at which they correlate best. */
function offsetOf(part, whole) {
  // A second: any shorter part of a voice is like others.
  const probe = part.subarray(4_800, 4_800 + 48_000);
  let best = { at: 0, score: -Infinity };
  const scan = (from, to, step) => {
    for (let at = from; at < to; at += step) {
      let score = 0;
      for (let i = 0; i < probe.length; i += 1) score += probe[i] * whole[(at + i + 2 * whole.length) % whole.length];
      if (score > best.score) best = { at, score };
    }
  };
  scan(0, whole.length, 4);
  scan(best.at - 4, best.at + 5, 1);
  return (best.at - 4_800 + 2 * whole.length) % whole.length;
}

const shares = (result) => Object.values(result.shares).map((share) => Number.parseFloat(share) / 100);

describe('the microphone', () => {
  const folder = useTemporaryFolder();
  let voice;
  const site = useSite({ args: async () => {
    const plain = await launch();
    voice = await speech(await plain.newPage(), 48_000);
    await plain.close();
    const path = join(folder.path, 'voice.wav');
    await writeFile(path, wav16(voice, 48_000));
    return fakeMicrophone(path);
  } });

  test('records with a live level, stops by itself, and reads', async () => {
    const { context, page, errors } = await site.open({ permissions: ['microphone'] });
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('#level').style.width) > 10);
    const { meta } = await readingOf(page, 'Your recording');
    assert.match(meta, /: \d\.\d to \d\.\d s of 4\.[67] s, read by voice/);
    await chooseModel(page, 'mfcc1');
    await page.waitForFunction(() => document.querySelector('#meta').textContent.includes('read by mfcc1'));
    assert.match(await page.locator('#meta').textContent(), /: 0\.5 to 4\.5 s of 4\.[67] s/);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('gives the same numbers as the same sound in a file', async () => {
    const { context, page } = await site.open({ permissions: ['microphone'] });
    // The model whose clip begins at a fixed time: where speech is found may move by a frame of the detector.
    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    await page.evaluate(keepRecording);
    await page.getByRole('button', { name: 'Record' }).click();
    const spoken = await readingOf(page, 'Your recording');
    const { samples, rateHz } = await page.evaluate(() => globalThis.recorded);
    const recorded = Float32Array.from(samples);
    assert.ok(recorded.some((s) => Math.abs(s) > 0.05), 'the fake microphone has sound');

    // The recorded samples themselves, bit for bit: the same numbers to the last digit.
    const floats = Buffer.alloc(44 + 4 * recorded.length);
    wav16(new Float32Array(0), rateHz).copy(floats);
    floats.writeUInt32LE(36 + 4 * recorded.length, 4);
    floats.writeUInt16LE(3, 20);
    floats.writeUInt32LE(4 * rateHz, 28);
    floats.writeUInt16LE(4, 32);
    floats.writeUInt16LE(32, 34);
    floats.writeUInt32LE(4 * recorded.length, 40);
    recorded.forEach((s, i) => floats.writeFloatLE(s, 44 + 4 * i));
    await page.setInputFiles('#file', { name: 'kept.wav', mimeType: 'audio/wav', buffer: floats });
    const kept = await readingOf(page, 'kept.wav');
    assert.deepEqual(kept.shares, spoken.shares);

    // The file that the fake microphone played, cut where the recording began: what the browser does in between
    // (conversion to its own rate and back to floats) may not move any probability by more than one point.
    // Straight lines between samples are enough to find where the recording began, and only for that.
    const ratio = 48_000 / rateHz;
    const roughly = Float32Array.from({ length: Math.floor(voice.length / ratio) }, (_, i) => {
      const low = Math.floor(i * ratio);
      return voice[low] + (voice[(low + 1) % voice.length] - voice[low]) * (i * ratio - low);
    });
    const begin = Math.round(offsetOf(recorded, roughly) * ratio);
    const same = Float32Array.from({ length: Math.round(recorded.length * ratio) }, (_, i) => voice[(begin + i) % voice.length]);
    await page.setInputFiles('#file', { name: 'played.wav', mimeType: 'audio/wav', buffer: wav16(same, 48_000) });
    const file = await readingOf(page, 'played.wav');
    const off = Math.max(...shares(file).map((share, i) => Math.abs(share - shares(spoken)[i])));
    console.log(`recorded at ${rateHz} Hz; the largest difference of a probability is ${off}`);
    assert.ok(off < 0.01, `a probability differs by ${off}`);
    assert.equal(file.headline, spoken.headline);
    await context.close();
  });

  test('says what to do when it is refused or missing', async () => {
    const words = async (name, expected) => {
      const { context, page } = await site.open();
      await page.evaluate((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
      }, name);
      await page.getByRole('button', { name: 'Record' }).click();
      await page.locator('#problem').waitFor({ state: 'visible' });
      assert.match(await page.locator('#problem').textContent(), expected);
      await context.close();
    };
    await words('NotAllowedError', /was refused\. Allow it/);
    await words('NotFoundError', /No microphone was found/);
    await words('NotReadableError', /another program/);
  });

  test('a slip of the finger is no recording', async () => {
    const { context, page } = await site.open({ permissions: ['microphone'] });
    await page.evaluate(() => document.getElementById('record').click());
    await page.waitForFunction(() => {
      const button = document.getElementById('record');
      if (button.textContent.trim() !== 'Stop') return false;
      button.click();
      return true;
    });
    await page.locator('#problem').waitFor({ state: 'visible' });
    assert.match(await page.locator('#problem').textContent(), /too short/);
    await context.close();
  });
});

/** Random numbers that are the same each time, −1 to 1. */
function noise(seed = 1) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const RATE_HZ = 48_000;
const dbfs = (level) => 10 ** (level / 20);

/** Signals of a microphone by length in seconds and level in dBFS (root mean square). */
const SIGNALS = {
  zeros: (seconds) => new Float32Array(seconds * RATE_HZ),
  /** A circuit that adds an offset to all samples, and dithers. */
  offset: (seconds) => {
    const random = noise();
    return new Float32Array(seconds * RATE_HZ).map(() => 0.003 + Math.round(random()) / 32_768);
  },
  hiss: (seconds, level) => {
    const random = noise();
    return scaled(new Float32Array(seconds * RATE_HZ).map(() => random() + random() + random()), level);
  },
  /** Its low frequencies swell and fade: white noise, three times through a low pass at 150 Hz, with a little hiss. */
  room: (seconds, level) => {
    const random = noise(7);
    const poles = [0, 0, 0];
    const keep = Math.exp(-2 * Math.PI * 150 / RATE_HZ);
    const rumble = new Float32Array(seconds * RATE_HZ).map(() => poles.reduce((input, _, i) => {
      poles[i] = keep * poles[i] + (1 - keep) * input;
      return poles[i];
    }, random()));
    const hiss = SIGNALS.hiss(seconds, level - 12);
    return scaled(rumble, level).map((sample, i) => sample + hiss[i]);
  },
};

/** @returns {Float32Array} At a level, root mean square. */
function scaled(samples, level) {
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  return samples.map((sample) => sample * dbfs(level) / rms);
}

const joined = (...parts) => Float32Array.from(parts.flatMap((part) => [...part]));

/** The times at which the detector changed between muted and not, in seconds. */
function changes(samples) {
  const detector = new MuteDetector(RATE_HZ);
  const times = [];
  for (let at = 0; at + 1024 <= samples.length; at += 1024) {
    if (detector.update(samples.subarray(at, at + 1024)) === (times.length % 2 === 0)) times.push((at + 1024) / RATE_HZ);
  }
  return times;
}

describe('a muted microphone', () => {
  test('is detected within two seconds: silence, an offset, hiss', () => {
    const cases = [SIGNALS.zeros(4), SIGNALS.offset(4), ...[-66, -70, -80, -90].map((level) => SIGNALS.hiss(4, level))];
    for (const [index, samples] of cases.entries()) {
      const [muted, unmuted] = changes(samples);
      assert.ok(muted > 1.4 && muted < 1.6, `case ${index} was detected after ${muted} s`);
      assert.equal(unmuted, undefined, `case ${index}`);
    }
    // The click at its start does not count as sound.
    const click = joined(SIGNALS.room(0.1, -20), SIGNALS.zeros(4));
    assert.ok(changes(click)[0] < 2, `${changes(click)}`);
  });

  test('is not mistaken for a quiet room where nobody has begun to speak', () => {
    for (const level of [-40, -50, -60, -64, -70, -75]) assert.deepEqual(changes(SIGNALS.room(10, level)), [], `${level} dBFS`);
    for (const level of [-40, -50, -60, -64]) assert.deepEqual(changes(SIGNALS.hiss(10, level)), [], `hiss at ${level} dBFS`);
  });

  test('ends with the first sound, and does not begin in a pause', () => {
    const voice = scaled(Float32Array.from({ length: RATE_HZ }, (_, i) => Math.sin(i / 40)), -25);
    const [muted, unmuted, again] = changes(joined(SIGNALS.zeros(3), voice, SIGNALS.zeros(4), voice));
    assert.ok(muted < 1.6 && unmuted > 3 && unmuted < 3.05, `${muted} ${unmuted}`);
    assert.equal(again, undefined);
    // Muted while it is followed.
    const [later] = changes(joined(voice, voice, SIGNALS.zeros(8)));
    assert.ok(later > 6.9 && later < 7.1, `${later}`);
  });

  /** Opens the page with a microphone that repeats these samples. */
  async function withMicrophone(samples, use) {
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-'));
    const path = join(folder, 'microphone.wav');
    await writeFile(path, wav16(samples, RATE_HZ));
    const server = await serve();
    const browser = await launch(fakeMicrophone(path));
    try {
      const { context, page } = await open(browser, server.url, { permissions: ['microphone'] });
      await use(page, page.locator('#muted'));
      await context.close();
    } finally {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  for (const [name, samples] of [['silence', SIGNALS.zeros(6)], ['hiss', SIGNALS.hiss(6, -72)]]) {
    test(`with ${name} shows a warning while recording goes on`, async () => {
      await withMicrophone(samples, async (page, warning) => {
        await page.getByRole('button', { name: 'Record' }).click();
        await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
        const begun = performance.now();
        await warning.waitFor({ timeout: 2_500 });
        const took = performance.now() - begun;
        assert.ok(took < 2_000, `shown after ${took} ms`);
        assert.match(await warning.textContent(), /^The microphone gives no sound\. Is it muted\?/);
        assert.equal(await warning.getAttribute('role'), 'alert');
        assert.ok(await page.getByRole('button', { name: 'Stop', exact: true }).isVisible(), 'recording goes on');
        await readingOf(page, 'Your recording');
        assert.match(await page.locator('#headline').textContent(), /No speech/);
        // The next attempt begins without it.
        await page.getByRole('button', { name: 'Woman, 25' }).click();
        await warning.waitFor({ state: 'hidden' });
      });
    });
  }

  test('shows no warning in a room where somebody begins late to speak', async () => {
    await withMicrophone(joined(SIGNALS.room(6, -58)), async (page, warning) => {
      await page.getByRole('button', { name: 'Record' }).click();
      await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
      let shown = 0;
      while (await page.getByRole('button', { name: 'Stop', exact: true }).isVisible()) {
        shown += Number(await warning.isVisible());
        await page.waitForTimeout(50);
      }
      assert.equal(shown, 0);
    });
  });

  test('shows a warning while it is followed live, until the first sound', async () => {
    const voice = scaled(Float32Array.from({ length: 2 * RATE_HZ }, (_, i) => Math.sin(i / 40)), -25);
    await withMicrophone(joined(SIGNALS.zeros(4), voice), async (page, warning) => {
      await page.getByRole('button', { name: 'Follow live' }).click();
      await warning.waitFor();
      await warning.waitFor({ state: 'hidden' });
      assert.ok(await page.getByRole('button', { name: 'Stop listening' }).isVisible(), 'it is still followed');
    });
  });
});
