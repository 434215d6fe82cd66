import { launch, serve } from './support.mjs'; import { textsOfEngine, textsOfScripts } from './texts.mjs'; import { readFileSync, writeFileSync } from 'node:fs';
const server = await serve(); const b = await launch(); const c = await b.newContext({ bypassCSP: true }); const p = await c.newPage();
await p.goto(server.url + 'www/samples/samples.json');
const html = readFileSync('index.html','utf8'); const js = readFileSync('www/page/text.js','utf8');
const fn = js.slice(js.indexOf('export function textsOf'), js.indexOf('/** Puts all that stands')).replace('export ','');
const texts = await p.evaluate(`const ATTRIBUTES = ['aria-label','title','content']; ${fn}; textsOf(new DOMParser().parseFromString(${JSON.stringify(html)}, 'text/html').documentElement).map(({text})=>text)`);
const all = [...new Set([...texts, ...await textsOfScripts(), ...await textsOfEngine()])];
console.log(texts.length, all.length); writeFileSync('/tmp/own/texts.json', JSON.stringify(all, null, 0).replaceAll('","','",\n"'));
await b.close(); await server.close();
