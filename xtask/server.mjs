// A plain file server for this computer only, also for the tests: `node xtask/server.mjs FOLDER PORT`.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.md': 'text/markdown', '.webmanifest': 'application/manifest+json', '.png': 'image/png',
};

/** Serves `folder` below `prefix`, on a free port unless one is given, and logs requests. `compress` is for gzip, as of most
 * hosts. `onMissing` may make a file that is missing. */
export async function serveFolder(folder, { prefix = '/', port = 0, compress = false, onMissing = (/** @type {string} */ _name) => {} } = {}) {
  const requests = [];
  const compressed = new Map();
  const server = createServer(async (request, response) => {
    // No path above the folder: dots are resolved before the path is joined to it.
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    requests.push(path);
    try {
      if (!path.startsWith(prefix)) throw new Error('elsewhere');
      const name = path.slice(prefix.length);
      const file = join(folder, name === '' || name.endsWith('/') ? `${name}index.html` : name);
      if (!existsSync(file)) await onMissing(name);
      let body = await readFile(file);
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      const headers = { 'content-type': type, 'cache-control': 'no-store' };
      if (compress && TYPES[extname(file)] && request.headers['accept-encoding']?.includes('gzip')) {
        if (!compressed.has(file)) compressed.set(file, gzipSync(body));
        body = compressed.get(file);
        headers['content-encoding'] = 'gzip';
      }
      response.writeHead(200, { ...headers, 'content-length': body.length });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const listen = (port) => new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await listen(port);
  const { port: taken } = server.address();
  const close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return {
    url: `http://127.0.0.1:${taken}${prefix}`,
    requests,
    close,
    /** No response until it is resumed, as without a network. */
    pause: close,
    resume: async () => { if (!server.listening) await listen(taken); },
  };
}

/** Engines that are being built. */
const engines = new Map();

/** Builds the engine that a missing file is of: few visitors need it, and it takes minutes. */
function buildEngine(name) {
  const [, engine] = name.match(/^sottovoce_(full|gpu)\./) ?? [];
  if (!engine) return undefined;
  if (!engines.has(engine)) {
    engines.set(engine, new Promise((resolve) => {
      console.log(`The page asks for the engine sottovoce_${engine}, which takes some minutes to build, once.`);
      spawn('cargo', ['xtask', 'web-engine', engine], { stdio: 'inherit' }).on('exit', resolve).on('error', resolve);
    }));
  }
  return engines.get(engine);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serveFolder(argv[2], { port: Number(argv[3]), onMissing: buildEngine }).catch((error) => {
    const taken = error.code === 'EADDRINUSE';
    console.error(taken ? `Port ${argv[3]} is taken: stop the program that uses it.` : error.message);
    process.exit(1);
  });
  console.log(`Serving on ${url.slice(0, -1)} (Ctrl+C stops)`);
}
