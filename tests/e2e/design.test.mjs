// The page's design: what is in view, that nothing moves, the addresses of its views, and colours that everybody can tell apart.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chooseModel, chosenModel, goTo, readingOf, root, sample, useSite, violations } from './support.mjs';

const site = useSite();

const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'];
const LANGUAGES = ['en', 'de', 'es', 'fr', 'zh'];
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** Where the action and the reading are, without scrolling. */
const places = (page) => page.evaluate(() => {
  const parts = { record: '#record', file: 'label[for="file"]', samples: '#samples button', headline: '#headline', sentence: '#explained',
    trace: '#waveform', play: '#play', views: '.depths', bars: '#bars', last: '#bars li:last-child', meta: '#meta' };
  return Object.fromEntries(Object.entries(parts).map(([name, selector]) => {
    const { top, bottom, left, right } = document.querySelector(selector).getBoundingClientRect();
    return [name, { top, bottom, left, right }];
  }));
});

test('a phone shows where to begin before any script has run, so that nothing moves when one has', async () => {
  const context = await site.browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto(site.server.url);
  assert.ok(await page.locator('#input').isVisible());
  await context.close();
});

describe('in view without scrolling', () => {
  for (const [name, options] of Object.entries({ 'a laptop': DESKTOP, 'a phone': PHONE })) {
    test(`the action and the whole reading on ${name}, in every language, and nothing moves when it comes`, async () => {
      for (const language of LANGUAGES) {
        const { context, page, errors } = await site.open({ ...options, locale: language });
        const before = await places(page);
        await page.locator('#samples button').first().click();
        await page.waitForFunction(() => document.querySelector('#meta').textContent !== '');
        const after = await places(page);
        for (const [part, { top, bottom, left, right }] of Object.entries(after)) {
          // Of the small print below the bars, at least the first line.
          const needed = part === 'meta' ? top + 20 : bottom;
          assert.ok(top >= 0 && needed <= options.viewport.height, `${language}: ${part} ends at ${bottom}`);
          assert.ok(left >= 0 && (part === 'samples' || right <= options.viewport.width), `${language}: ${part} ends at ${right}`);
          for (const [edge, at] of Object.entries({ top: top - before[part].top, left: left - before[part].left })) {
            assert.ok(Math.abs(at) <= 1, `${language}: the ${edge} of ${part} moved by ${at}`);
          }
        }
        assert.deepEqual(errors, []);
        await context.close();
      }
    });
  }
});

test('the links of the header are in one row, from a tablet on, in every language', async () => {
  for (const locale of LANGUAGES) {
    const { context, page } = await site.open({ viewport: { width: 820, height: 1180 }, locale });
    for (const width of [660, 820, 1024, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const rows = await page.locator('header select, header .button:visible').evaluateAll((links) => new Set(links.map((link) => Math.round(link.getBoundingClientRect().bottom / 4))).size);
      assert.equal(rows, 1, `${locale}, ${width} pixels`);
    }
    await context.close();
  }
});

describe('samples', () => {
  test('the first are read as acted and as most listeners hear them, the last is not, and says so', async () => {
    const { context, page, errors } = await site.open(DESKTOP);
    const buttons = page.locator('#samples button');
    const count = await buttons.count();
    for (let i = 0; i < count; i += 1) {
      const source = await buttons.nth(i).getAttribute('data-source');
      await buttons.nth(i).click();
      const { headline, explained, shares } = await readingOf(page, source);
      const [, acted] = explained.match(/asked for: (\w+)\./);
      const [, perceived] = explained.match(/listeners heard: (\w+)\./);
      const read = EMOTIONS.toSorted((a, b) => Number.parseFloat(shares[b]) - Number.parseFloat(shares[a]))[0];
      const isDisputed = (await buttons.nth(i).textContent()).includes('Here the model and most listeners disagree');
      assert.equal(isDisputed, i === count - 1);
      if (isDisputed) assert.notEqual(read, perceived, `${source}: ${headline}`);
      else assert.deepEqual([read, perceived], [acted, acted], `${source}: ${headline}`);
      if (!isDisputed) assert.match(headline, /^(Sounds|Perhaps)/, source);
    }
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('a click is answered within a second', async () => {
    const { context, page } = await site.open(DESKTOP);
    const took = await page.evaluate(() => new Promise((resolve) => {
      const clicked = performance.now();
      new MutationObserver(() => resolve(performance.now() - clicked)).observe(document.querySelector('#headline'), { childList: true });
      document.querySelector('#samples button').click();
    }));
    assert.ok(took < 1000, `${took} ms`);
    await context.close();
  });
});

test('the trace has a colour for each moment, and says in words what it shows', async () => {
  const { context, page, errors } = await site.open(DESKTOP);
  await page.getByRole('button', { name: 'Woman, 35' }).click();
  await readingOf(page, 'Woman, 35');
  await page.locator('#waveform-text').filter({ hasText: 'Moment by moment: 0.0 to' }).waitFor({ state: 'attached' });
  const saturated = await page.evaluate(() => {
    const canvas = document.querySelector('#waveform');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 100 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 100) count += 1;
    }
    return count;
  });
  assert.ok(saturated > 1000, `${saturated} pixels have a colour`);
  await page.locator('#waveform').hover();
  assert.match(await page.locator('#trace-moment').textContent(), /^\d\.\d s: /);
  assert.deepEqual(errors, []);
  await context.close();
});

describe('views', () => {
  test('each has an address, and the back button returns', async () => {
    const { context, page, errors } = await site.open(DESKTOP);
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    await readingOf(page, 'Woman, 35');
    await chooseModel(page, 'mfcc1');
    await chosenModel(page);
    const headings = { why: 'why-title', speaker: 'speaker-title', inside: 'inside-title', steps: 'walk-title' };
    for (const [view, heading] of Object.entries(headings)) {
      await goTo(page, view);
      await page.locator(`#${heading}`).waitFor();
      assert.equal(new URL(page.url()).hash, `#${view}`);
      assert.equal(await page.evaluate(() => document.activeElement.id), heading, 'focus goes to the view');
      assert.equal(await page.locator(`a[href="#${view}"][aria-current="page"]`).count(), 1);
    }
    await page.goBack();
    await page.locator('#inside-title').waitFor();
    await page.goBack();
    await page.locator('#speaker-title').waitFor();
    await page.goBack();
    await page.locator('#why-title').waitFor();
    assert.ok(await page.locator('#bars').isHidden());
    await page.goBack();
    await page.locator('#bars').waitFor();
    // An address leads straight to its view.
    await page.goto(`${site.server.url}#privacy`);
    await page.reload();
    await page.locator('#privacy-title').waitFor();
    assert.ok(await page.locator('#result').isHidden());
    // Another clip leads back to the reading.
    await page.getByRole('button', { name: 'Man, 33' }).click();
    await page.locator('#bars').waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  });

  test('the link to the one that is shown is in view on a phone', async () => {
    const { context, page } = await site.open(PHONE);
    await page.locator('#samples button').first().click();
    await page.waitForFunction(() => document.querySelector('#meta').textContent !== '');
    for (const view of ['save', 'reading', 'models']) {
      await page.evaluate((view) => { location.hash = view; }, view);
      await page.waitForFunction((view) => document.documentElement.dataset.view === view, view);
      const [left, right] = await page.locator(`.depths a[href="#${view}"]`).evaluate((link) => {
        const { left, right } = link.getBoundingClientRect();
        return [left, right];
      });
      assert.ok(left >= 0 && right <= 390, `${view}: ${left} to ${right}`);
    }
    await context.close();
  });

  test('none has an accessibility violation, on a laptop or on a phone', async () => {
    for (const options of [DESKTOP, { ...PHONE, colorScheme: 'dark' }]) {
      const { context, page } = await site.open({ ...options, bypassCSP: true });
      await page.setInputFiles('#file', sample('1053_IEO_ANG_HI.opus'));
      await readingOf(page, '1053_IEO_ANG_HI.opus');
      for (const view of ['why', 'inside', 'models', 'speaker', 'save', 'time', 'steps', 'teach', 'settings', 'meaning', 'privacy', 'reading']) {
        await page.evaluate((view) => { location.hash = view; }, view);
        await page.waitForFunction((view) => document.documentElement.dataset.view === view, view);
        if (view === 'models') await page.locator('#agreement').filter({ hasText: 'first' }).waitFor();
        assert.deepEqual(await violations(page), [], view);
      }
      await context.close();
    }
  });

  test('no text is cut or wider than the window, at 200 % and on the narrowest phone, in every language', async () => {
    for (const language of LANGUAGES) {
      for (const viewport of [{ width: 640, height: 400 }, { width: 320, height: 640 }]) {
        const { context, page } = await site.open({ viewport, locale: language });
        await page.locator('#samples button').first().click();
        await page.waitForFunction(() => document.querySelector('#meta').textContent !== '');
        for (const view of ['reading', 'why', 'inside', 'models', 'speaker', 'save', 'time', 'steps', 'teach', 'settings', 'meaning', 'privacy']) {
          await page.evaluate((view) => { location.hash = view; }, view);
          await page.waitForFunction((view) => document.documentElement.dataset.view === view, view);
          const wrong = await page.evaluate(() => {
            const cut = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility()
              && !element.closest('.visually-hidden, .skip, select, .table, .samples, .depths, svg')
              && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim())
              && (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 || element.getBoundingClientRect().right > innerWidth + 1));
            const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
            return [...wide, ...cut.map((element) => `${element.id || element.className || element.tagName}: ${element.textContent.trim().slice(0, 40)}`)];
          });
          assert.deepEqual(wrong, [], `${language}, ${viewport.width} pixels, ${view}`);
        }
        await context.close();
      }
    }
  });
});

describe('colours', () => {
  /** How colours look to people without one kind of cone (Machado, Oliveira and Fernandes 2009), and to others. */
  const EYES = {
    all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  };
  const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i], 0));
  const linear = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const contrast = (a, b) => {
    const [low, high] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  /** Oklab, in which equal distances look alike. */
  const oklab = (rgb) => times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]],
    times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb).map(Math.cbrt));
  const distance = (a, b) => 100 * Math.hypot(...a.map((value, i) => value - b[i]));

  test('are the same in the element, which has no style sheet but its own', async () => {
    const [tokens, element] = await Promise.all(['www/tokens.css', 'www/embed/element.js'].map((path) => readFile(join(root, path), 'utf8')));
    for (const emotion of EMOTIONS) {
      const [, colour] = tokens.match(new RegExp(`--${emotion}: (light-dark\\(.*?\\));`));
      assert.ok(element.includes(`[data-emotion="${emotion}"] { --emotion: ${colour}; }`), emotion);
    }
    for (const name of ['ink', 'soft', 'line', 'track']) {
      const [, colour] = tokens.match(new RegExp(`--${name}: (light-dark\\(.*?\\));`));
      assert.ok(element.includes(`--${name}: ${colour};`), name);
    }
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`of the emotions stand out, and differ for every kind of colour vision: ${colorScheme}`, async () => {
      const { context, page } = await site.open({ colorScheme });
      const colours = await page.evaluate((emotions) => Object.fromEntries(['card', ...emotions].map((name) => {
        document.body.style.color = `var(--${name})`;
        return [name, getComputedStyle(document.body).color];
      })), EMOTIONS);
      for (const emotion of EMOTIONS) {
        const ratio = contrast(colours[emotion], colours.card);
        assert.ok(ratio >= 3, `${emotion} has a contrast of ${ratio}`);
      }
      for (const [eyes, matrix] of Object.entries(EYES)) {
        const seen = EMOTIONS.map((emotion) => oklab(times(matrix, linear(colours[emotion])).map((value) => Math.min(1, Math.max(0, value)))));
        seen.forEach((one, i) => seen.slice(i + 1).forEach((other, j) => {
          const apart = distance(one, other);
          assert.ok(apart >= 10, `${EMOTIONS[i]} and ${EMOTIONS[i + 1 + j]} are ${apart.toFixed(1)} apart (${eyes})`);
        }));
      }
      await context.close();
    });
  }

  test('are the system’s own where it asks for that, and shapes stay', async () => {
    const { context, page } = await site.open({ forcedColors: 'active' });
    await page.getByRole('button', { name: 'Woman, 35' }).click();
    await readingOf(page, 'Woman, 35');
    const fills = await page.locator('#bars .emblem').evaluateAll((shapes) => shapes.map((shape) => getComputedStyle(shape).fill));
    assert.equal(fills.length, 7);
    assert.equal(new Set(fills).size, 1);
    const outlines = await page.locator('#bars .emblem path').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')));
    assert.equal(new Set(outlines).size, 7);
    await context.close();
  });

  test('have more contrast where that is asked for', async () => {
    const { context, page } = await site.open({ contrast: 'more' });
    const [soft, card] = await page.evaluate(() => ['soft', 'card'].map((name) => {
      document.body.style.color = `var(--${name})`;
      return getComputedStyle(document.body).color;
    }));
    assert.ok(contrast(soft, card) >= 10, `${contrast(soft, card)}`);
    await context.close();
  });
});
