// The page, its views and the lesson in Firefox.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { chosenModel, launchFirefox, sample, serve, until } from './support.mjs';

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await launchFirefox();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page of the site. */
async function open(path = '') {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(server.url + path);
  return { page, errors };
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
const read = (page, source) => until(page, (source) => document.querySelector('#meta').textContent.startsWith(source), source);

/** Goes to a view. */
async function goTo(page, view) {
  await page.evaluate((view) => { location.hash = view; }, view);
  await until(page, (view) => document.documentElement.dataset.view === view, view);
}

test('Firefox reads a sample clip and a file, and draws a card', async () => {
  const { page, errors } = await open();
  await chosenModel(page);
  await page.click('#samples button');
  await read(page, 'Woman, 35');
  const input = await page.$('#file');
  await input.uploadFile(sample('1028_MTI_SAD_XX.opus'));
  await read(page, '1028_MTI_SAD_XX.opus');
  assert.match(await text(page, '#headline'), /^(Sounds|Perhaps|Hard to tell)/);
  await goTo(page, 'save');
  await until(page, () => document.querySelector('#card').naturalWidth === 1200);
  assert.match(await page.$eval('#card', ({ alt }) => alt), /^(Sounds|Perhaps|Hard to tell)/);
  assert.equal((await page.$$('#session-rows tr')).length, 2);
  assert.deepEqual(errors, []);
  await page.close();
});

test('Firefox teaches it classes from files', async () => {
  const { page, errors } = await open('#teach');
  await chosenModel(page);
  const [first, second] = await page.$$('#teach-classes input[type="file"]');
  const clips = (speaker, emotion) => ['DFA', 'IEO', 'IOM', 'ITH', 'ITS'].map((words) =>
    sample(`../lesson/clips/${speaker}_${words}_${emotion}_${words === 'IEO' ? 'HI' : 'XX'}.opus`));
  await first.uploadFile(...clips('1051', 'ANG'));
  await until(page, () => document.querySelector('#teach-classes .count').textContent.startsWith('5 '));
  await second.uploadFile(...clips('1051', 'FEA'));
  await until(page, () => !document.querySelector('#teach-result').hidden);
  assert.match(await text(page, '#teach-summary'), /tells \d+ of 10 right/);
  assert.deepEqual(errors, []);
  await page.close();
});

test('Firefox teaches a voice in the lesson, and counts guesses', async () => {
  const { page, errors } = await open('lesson.html');
  await until(page, () => document.querySelectorAll('#teach-voices button').length === 2);
  await page.click('#teach-voices button');
  await until(page, () => /tells \d+ of 10 right/.test(document.querySelector('#taught-said').textContent));
  await page.click('#guesses input');
  await page.click('#compare');
  await until(page, () => document.querySelector('#results-summary').textContent.startsWith('Guesses: 1'));
  assert.deepEqual(errors, []);
  await page.close();
});
