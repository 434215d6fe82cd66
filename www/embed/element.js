// The element itself: what it shows, its attributes, events and parts. Where its engine runs, and who records, depends on how it is
// installed. docs/EMBED.md documents it.

/** Answers questions of the element, as www/embed/answers.js does. Progress is a share that is loaded, 0 to 1.
 * @typedef {{ask: (question: object, onProgress?: (progress: any) => void) => Promise<any>}} ElementEngine */
/** What happens to a recording: `{type: 'recording'}`, `{type: 'progress', …}`, `{type: 'answer', answer}` or `{type: 'error', code, message}`.
 * @typedef {(message: any) => void} OnRecord */
/**
 * @typedef {object} Host What an installation provides.
 * @property {(language: string) => ElementEngine} engine
 * @property {(options: {labels: any, language: string, theme: string, model: () => string | undefined}, onMessage: OnRecord) =>
 *   {button: HTMLElement, useModel: () => void, cancel: () => void}} microphone `useModel` is called when the model changes, `cancel`
 *   when the element is removed.
 * @property {string} [meaning] Address of what a reading means.
 */

const STYLE = `
  :host { --paper: light-dark(#ffffff, #181b22); --ink: light-dark(#171a26, #eef0f5); --soft: light-dark(#565c6b, #a9b0bf);
    --line: light-dark(#d9dce3, #313642); --track: light-dark(#e7e9ee, #272c37); --accent: var(--sottovoce-accent, light-dark(#2f45a8, #aebdff));
    color-scheme: light dark; display: block; box-sizing: border-box; max-width: 32rem; padding: 1rem; border-radius: 1rem;
    border: 1px solid var(--sottovoce-line, var(--line)); background: var(--sottovoce-paper, var(--paper));
    color: var(--sottovoce-ink, var(--ink)); font: var(--sottovoce-font, 1rem/1.5 system-ui, sans-serif); }
  :host([hidden]), [hidden] { display: none !important; }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
  * { box-sizing: border-box; }
  p, ol, div { margin: 0 0 0.75rem; padding: 0; }
  .buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; }
  button { min-height: 2.75rem; padding: 0.25rem 0.75rem; border: 1px solid var(--sottovoce-line, var(--line));
    border-radius: 0.75rem; background: none; color: inherit; font: inherit; font-size: 0.875rem; text-align: start; cursor: pointer; }
  iframe.record { width: 9rem; height: 2.75rem; border: 0; border-radius: 0.75rem; color-scheme: inherit; }
  button:hover { border-color: var(--accent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .headline { margin: 0; font-size: 1.25rem; font-weight: 650; }
  .explained { min-height: 3rem; color: var(--soft); }
  ol { list-style: none; }
  li { display: grid; grid-template-columns: 1rem 7rem 1fr 3.5rem; align-items: center; gap: 0.75rem; min-height: 1.75rem; }
  li.top { font-weight: 650; }
  .track { height: 0.75rem; border-radius: 0.375rem; background: var(--track); overflow: hidden; }
  .track span { display: block; width: 0; height: 100%; border-radius: inherit; background: var(--emotion); opacity: 0.55; transition: width 0.25s; }
  .top .track span { opacity: 1; }
  [data-certainty="unsure"] .track span, [data-certainty="no-speech"] .track span { opacity: 0.45; }
  svg { display: block; width: 1rem; height: 1rem; fill: var(--emotion); overflow: visible; }
  [data-emotion="angry"] { --emotion: light-dark(#d50011, #ca5362); } [data-emotion="disgust"] { --emotion: light-dark(#0b764d, #8db660); }
  [data-emotion="fear"] { --emotion: light-dark(#4c006f, #8b59a8); } [data-emotion="happy"] { --emotion: light-dark(#be8b12, #fccf2c); }
  [data-emotion="neutral"] { --emotion: light-dark(#3f4858, #cde1f0); } [data-emotion="sad"] { --emotion: light-dark(#2d81fb, #4984f4); }
  [data-emotion="surprise"] { --emotion: light-dark(#b641a2, #f489c7); }
  @media (forced-colors: active) { [data-emotion] { --emotion: CanvasText; } .track { border: 1px solid; } .track span { forced-color-adjust: none; } }
  .value { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .notice { margin: 0; color: var(--soft); font-size: 0.8125rem; }
  a { color: var(--accent); }
  audio { width: 100%; height: 2.5rem; }
  @media (prefers-reduced-motion: reduce) { .track span { transition: none; } }`;

/** @template {keyof HTMLElementTagNameMap} T @param {T} name @param {string} part @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]} */
function make(name, part, ...children) {
  const element = document.createElement(name);
  element.className = part;
  element.setAttribute('part', part);
  element.append(...children);
  return element;
}

/** The shape of an emotion. @param {string} outline In a square of 24 by 24. */
function shape(outline) {
  const picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', outline);
  picture.append(path);
  const element = make('span', 'shape', picture);
  element.setAttribute('aria-hidden', 'true');
  return element;
}

/** Defines `<speech-emotion>`, unless it is defined already. @param {Host} host */
export function defineSpeechEmotion(host) {
  class SpeechEmotion extends HTMLElement {
    /** @type {any} The engine's labels, samples and emotions. */ #hello;
    /** @type {Record<string, any>} */ #parts = {};
    #root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    /** Sends the model to the microphone's frame. */ #useModel = () => {};
    /** Gives up the recording in progress. */ #cancel = () => {};
    /** Number of the latest request: answers to earlier ones are not shown. */
    #turn = 0;

    static observedAttributes = ['model'];

    attributeChangedCallback() {
      this.#useModel();
    }

    connectedCallback() {
      this.#start();
    }

    disconnectedCallback() {
      this.#cancel();
    }

    /** Asks for what to show, unless that was done; again if it failed. */
    #start() {
      if (this.#hello) return;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
      // As high as the final content, so that nothing moves.
      const rows = Array.from({ length: 7 }, () => make('li', 'bar', make('span', 'shape'), make('span', 'name'), make('span', 'track')));
      this.#root.replaceChildren(make('p', 'headline', 'sottovoce'), make('p', 'explained', '\u2026'), make('ol', 'bars', ...rows));
      this.#hello = this.#engine.ask({ ask: 'hello' }).then((hello) => {
        this.#layOut(hello);
        return hello;
      });
      this.#hello.catch((/** @type {any} */ error) => {
        this.#hello = undefined;
        this.#fail(error, this.#turn);
      });
    }

    /** Reads a voice: an audio file, or mono samples. Resolves to the detail of the event `result`.
     * @param {Blob | ArrayBuffer | {samples: Float32Array, rate_hz: number}} audio */
    async analyze(audio) {
      this.#start();
      const { labels } = await this.#hello;
      this.#play();
      return this.#request({ ask: 'analyze', audio }, labels.listening);
    }

    /** Whether a boolean attribute is set; frameworks write "false" for one that is not. @param {string} name */
    #has(name) {
      return this.hasAttribute(name) && this.getAttribute(name) !== 'false';
    }

    get #engine() {
      return host.engine(this.#language);
    }

    get #language() {
      return (this.getAttribute('lang') ?? document.documentElement.lang ?? '').toLowerCase().split('-')[0];
    }

    get #model() {
      return this.getAttribute('model') ?? undefined;
    }

    /** @param {object} question @param {string} status */
    async #request(question, status) {
      const turn = this.#begin(status);
      try {
        const reading = await this.#engine.ask({ ...question, model: this.#model }, (progress) => this.#progress(progress, turn));
        this.#answer(reading, turn);
        return reading;
      } catch (error) {
        this.#fail(error, turn);
        throw error;
      }
    }

    /** @param {string} status */
    #begin(status) {
      this.#showStatus(status);
      return ++this.#turn;
    }

    /** @param {any} progress @param {number} turn */
    #progress(progress, turn) {
      if (progress.share !== undefined && progress.share < 1 && turn === this.#turn) this.#loading(progress.share);
      this.#dispatch('progress', progress);
    }

    /** @param {any} reading @param {number} turn */
    #answer(reading, turn) {
      if (turn === this.#turn) this.#show(reading);
      this.#dispatch('result', reading);
    }

    /** @param {string} type @param {unknown} detail */
    #dispatch(type, detail) {
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** @param {any} hello */
    #layOut({ labels, samples, emotions }) {
      const parts = this.#parts;
      this.setAttribute('role', 'group');
      if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', labels.title);
      const buttons = make('div', 'buttons');
      if (this.#has('mic') && !this.#has('no-mic')) buttons.append(this.#recordButton(labels));
      if (this.#has('files')) buttons.append(this.#fileButton(labels));
      if (this.getAttribute('samples') !== 'none') {
        buttons.append(...samples.map((/** @type {any} */ sample) => this.#sampleButton(sample, labels)));
      }
      parts.headline = make('p', 'headline', labels.empty);
      parts.explained = make('p', 'explained');
      parts.explained.setAttribute('role', 'status');
      parts.bars = make('ol', 'bars', ...emotions.map((/** @type {any} */ { emotion, name, outline }) => {
        const track = make('span', 'track', make('span', 'share'));
        track.setAttribute('aria-hidden', 'true');
        const row = make('li', 'bar', shape(outline), make('span', 'name', name), track, make('span', 'value', '\u2013'));
        row.dataset.emotion = emotion;
        return row;
      }));
      parts.bars.setAttribute('aria-label', labels.bars);
      parts.player = make('audio', 'player');
      parts.player.controls = true;
      parts.player.hidden = true;
      parts.player.setAttribute('aria-label', labels.player);
      const link = make('a', 'link', labels.link);
      link.hidden = !host.meaning;
      if (host.meaning) link.href = host.meaning;
      link.target = '_blank';
      link.rel = 'noopener';
      parts.loading = labels.loading;
      this.#root.replaceChildren(buttons, parts.headline, parts.explained, parts.bars, parts.player,
        make('p', 'notice', `${labels.notice} `, link));
    }

    /** The button that records. @param {any} labels */
    #recordButton(labels) {
      /** Of the recording in progress. */
      let turn = 0;
      let isMuted = false;
      const options = { labels, language: this.#language, theme: this.getAttribute('theme') ?? '', model: () => this.#model };
      const { button, useModel, cancel } = host.microphone(options, ({ type, answer, code, message, ...progress }) => {
        if (type === 'recording') {
          this.#play();
          turn = this.#begin(labels.listening);
          isMuted = false;
        } else if (type === 'progress') {
          const { muted = isMuted } = progress;
          if (muted !== isMuted && turn === this.#turn) this.#showStatus(muted ? labels.muted : labels.listening);
          isMuted = muted;
          // The warning comes before loading progress.
          if (isMuted) this.#dispatch('progress', progress);
          else this.#progress(progress, turn);
        } else if (type === 'error') {
          this.#fail({ code, message }, turn || ++this.#turn);
          turn = 0;
        } else if (answer) {
          this.#answer(answer, turn);
          turn = 0;
        }
      });
      button.className = 'record';
      button.setAttribute('part', 'record');
      this.#useModel = useModel;
      this.#cancel = cancel;
      return button;
    }

    /** @param {any} labels */
    #fileButton(labels) {
      const input = make('input', 'file');
      input.type = 'file';
      input.accept = 'audio/*,video/webm,video/mp4';
      input.hidden = true;
      const button = make('button', 'choose', labels.file);
      button.type = 'button';
      button.addEventListener('click', () => input.click());
      input.addEventListener('change', () => {
        const [file] = input.files ?? [];
        input.value = '';
        if (file) this.analyze(file).catch(() => {});
      });
      return make('span', 'files', input, button);
    }

    /** @param {{file: string, name: string}} sample @param {any} labels */
    #sampleButton({ file, name }, labels) {
      const button = make('button', 'sample', name);
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#play(file);
        this.#request({ ask: 'analyze', audio: file }, labels.listening).catch(() => {});
      });
      return button;
    }

    /** Offers a sample clip to play, or nothing. @param {string} [file] */
    #play(file) {
      this.#parts.player.hidden = !file;
      if (file) this.#parts.player.src = file;
      else this.#parts.player.removeAttribute('src');
    }

    /** @param {string} text */
    #showStatus(text) {
      if (this.#parts.explained) this.#parts.explained.textContent = text;
    }

    /** @param {number} share */
    #loading(share) {
      this.#showStatus(this.#parts.loading.replace('{share}', `${Math.round(100 * share)} %`));
    }

    /** @param {any} reading */
    #show({ headline, explained, notes, shares, report }) {
      this.#parts.headline.textContent = headline;
      this.#parts.bars.dataset.certainty = report.certainty;
      this.#showStatus([explained, ...notes].join(' '));
      for (const { emotion, share, text } of shares) {
        const row = this.#parts.bars.querySelector(`[data-emotion="${emotion}"]`);
        row.classList.toggle('top', emotion === report.label);
        row.querySelector('.share').style.width = `${100 * share}%`;
        row.querySelector('.value').textContent = text;
      }
    }

    /** @param {any} error @param {number} turn */
    #fail(error, turn) {
      if (!this.#parts.explained) this.#root.replaceChildren(make('p', 'explained', error.message));
      else if (turn === this.#turn) this.#showStatus(error.message);
      this.#dispatch('error', { code: error.code ?? 'unexpected', message: error.message });
    }
  }

  if (!customElements.get('speech-emotion')) customElements.define('speech-emotion', SpeechEmotion);
}
