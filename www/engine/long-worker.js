// Cuts a recording of any length into windows, in a worker of its own, with little of the file in memory at a time.

/** @typedef {import('./types.d.ts').LongReply} LongReply */
/** @typedef {import('./types.d.ts').LongRequest} LongRequest */

/** @type {import('../../sottovoce.js').LongAudio | undefined} */
let audio;

/** @param {LongRequest} request @returns {Promise<LongReply>} */
async function answer(request) {
  if (request.type === 'open') {
    const { script, module, file, stepS, channel } = request;
    /** @type {typeof import('../../sottovoce.js')} */
    const { default: init, LongAudio } = await /** @type {any} */ (self).importModule(script);
    await init({ module_or_path: module });
    audio = new LongAudio(file, stepS, channel === undefined ? undefined : String(channel));
    return { type: 'opened', durationS: audio.durationS };
  }
  const window = audio?.next();
  return window ? { type: 'window', ...window } : { type: 'end', lostS: audio?.lostS ?? 0, notes: audio?.notes ?? [] };
}

self.onmessage = async ({ data }) => {
  /** @type {LongReply} */ let reply;
  try {
    reply = await answer(data);
  } catch (error) {
    const { code, message } = /** @type {{code?: import('./types.d.ts').ErrorCode, message: string}} */ (error);
    if (!code) console.warn(error);
    reply = code ? { type: 'refused', code, message }
      : { type: 'refused', code: 'crashed', message: 'The recording could not be followed further. Try again, or cut out a part of it.' };
  }
  self.postMessage(reply, { transfer: reply.type === 'window' ? [reply.samples.buffer] : [] });
};
