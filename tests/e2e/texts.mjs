// All English texts of the page: the keys of its translations.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './support.mjs';

/** Texts of the page's own scripts: the first argument of each `t`, and the messages of errors and events.
 * @returns {Promise<string[]>} */
export async function textsOfScripts() {
  const texts = [];
  for (const folder of ['www', 'www/page', 'www/engine', 'www/embed', 'www/lesson']) {
    for (const name of (await readdir(join(root, folder))).filter((file) => file.endsWith('.js'))) {
      const path = join(root, folder, name);
      const source = ts.createSourceFile(path, await readFile(path, 'utf8'), ts.ScriptTarget.Latest, true);
      const visit = (node) => {
        const called = (ts.isCallExpression(node) || ts.isNewExpression(node)) && ts.isIdentifier(node.expression)
          ? node.expression.text : undefined;
        if (called === 't') {
          const [text] = node.arguments;
          if (!ts.isStringLiteral(text)) throw new Error(`${name}: t(${text.getText()}) is no string literal, so that no test can read it`);
          texts.push(text.text);
        }
        // The reason for the end of a worker.
        if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'end') {
          texts.push(...messages(node.arguments[0]));
        }
        if (called === 'EngineError') texts.push(...messages(node.arguments[1]));
        // Messages that are thrown or sent elsewhere.
        if ((ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) && /^(message|FAILED|needs)$/.test(node.name.getText())) {
          texts.push(...messages(node.initializer));
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
  }
  return texts;
}

/** The possible texts of an expression, with placeholders {0}, {1} and so on. */
function messages(node) {
  if (!node) return [];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text ? [node.text] : [];
  if (ts.isConditionalExpression(node)) return [...messages(node.whenTrue), ...messages(node.whenFalse)];
  if (ts.isArrowFunction(node)) return messages(node.body);
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map(({ literal }, i) => `{${i}}${literal.text}`).join('')];
  }
  return [];
}

/** The engine's messages on recordings.
 * @returns {Promise<string[]>} */
export async function textsOfEngine() {
  const read = (path) => readFile(join(root, path), 'utf8');
  const unescaped = (text) => text.replaceAll('\\"', '"');
  const numbered = (text) => {
    let count = 0;
    return unescaped(text).replaceAll(/\{[^}]*\}/g, () => `{${count++}}`);
  };
  const sources = await Promise.all(['src/audio/error.rs', 'src/custom/mod.rs'].map(read));
  const errors = [...sources.join('\n').matchAll(/#\[error\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => numbered(text));
  const advice = (await read('src/audio/quality.rs')).match(/fn advice[\s\S]*?\n    \}/)[0];
  const notes = [...advice.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => numbered(text));
  const models = await readdir(join(root, 'models/shipped'));
  const summaries = await Promise.all(models.map(async (name) => JSON.parse(await read(`models/shipped/${name}/model.json`)).summary));
  return [...errors, ...notes, ...summaries];
}

/** Texts of the HTML files.
 * @returns {Promise<string[]>} */
export async function textsOfPage(browser, url) {
  // Another document of this site parses the pages, and runs none of their scripts.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${url}www/engine/sealed.html`);
  const pages = await Promise.all(['index.html', 'www/lesson/lesson.html'].map((name) => readFile(join(root, name), 'utf8')));
  const texts = await page.evaluate(async ([pages, script]) => {
    const { textsOf } = await import(script);
    return pages.flatMap((html) => textsOf(new DOMParser().parseFromString(html, 'text/html').documentElement).map(({ text }) => text));
  }, [pages, `${url}www/page/text.js`]);
  await context.close();
  return texts;
}
