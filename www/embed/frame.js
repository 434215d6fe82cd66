// The element as a page of its own, for an <iframe>: what its address asks for, and messages to and from the page around it.

(() => {
  const asked = new URLSearchParams(location.search);
  const element = /** @type {HTMLElement & {analyze: (audio: any) => Promise<any>}} */ (document.createElement('speech-emotion'));
  for (const name of ['model', 'samples', 'lang', 'theme', 'mic', 'files']) {
    const value = asked.get(name);
    if (value !== null) element.setAttribute(name, value);
  }
  if (asked.has('lang')) document.documentElement.lang = asked.get('lang') ?? 'en';
  document.getElementById('main')?.append(element);
  if (parent === window) return;

  /** @param {object} message @param {string} [origin] */
  const tell = (message, origin = '*') => parent.postMessage({ sottovoce: 1, ...message }, origin);
  addEventListener('message', async ({ data, source, origin }) => {
    if (source !== parent || data?.sottovoce !== 1 || data.ask !== 'analyze') return;
    const to = origin === 'null' ? '*' : origin;
    const { id } = data;
    try {
      tell({ type: 'answer', id, answer: await element.analyze(data.audio) }, to);
    } catch (error) {
      const { code, message } = /** @type {{code: string, message: string}} */ (error);
      tell({ type: 'error', id, code, message }, to);
    }
  });
  // What comes of what visitors do in the frame.
  for (const type of ['result', 'progress', 'error']) {
    element.addEventListener(type, (event) => tell({ type, detail: /** @type {CustomEvent} */ (event).detail }));
  }
  tell({ type: 'ready' });
})();
