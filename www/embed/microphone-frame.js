// The element's button that records, in a frame of this site: only a click in that frame presses it, and the audio stays there.

/** @param {string} base Address of a file in this folder. @returns {import('./element.js').Host['microphone']} */
export const microphoneIn = (base) => ({ labels, language, theme, model }, onMessage) => {
  const address = new URL('microphone.html', base);
  address.searchParams.set('lang', language);
  address.searchParams.set('theme', theme);
  const button = document.createElement('iframe');
  button.title = labels.record;
  button.allow = 'microphone; autoplay';
  let useModel = () => {};
  addEventListener('message', ({ data, source }) => {
    if (source !== button.contentWindow || data?.sottovoce !== 1) return;
    if (data.type === 'ready') {
      useModel = () => button.contentWindow?.postMessage({ sottovoce: 1, id: 0, ask: 'hello', model: model() }, address.origin);
      useModel();
    } else {
      const { sottovoce, id, ...message } = data;
      onMessage(message);
    }
  });
  button.src = address.href;
  // The frame ends with the element, and the recording with the frame.
  return { button, useModel: () => useModel(), cancel: () => {} };
};
