/** `<speech-emotion>`. Importing `sottovoce/element` defines it where there is a document, and does nothing elsewhere. */

import type { Emotion, ModelName, Report } from '../www/api-types.d.ts';

/** The detail of the event `result`: the report, and its description for people. Show `headline`, not the highest share alone. */
export interface SpeechEmotionResult {
  headline: string;
  explained: string;
  /** What is wrong with the recording, and what to do about it. */
  notes: string[];
  /** Of each of the seven emotions, the probability, and its text. */
  shares: { emotion: Emotion; share: number; text: string }[];
  report: Report;
}

/** The detail of the event `progress`: the share that is loaded, or what the microphone records. */
export type SpeechEmotionProgress = { share: number } | { level: number; seconds: number; muted: boolean };

/** The detail of the event `error`. The message is for people. */
export interface SpeechEmotionError {
  code: string;
  message: string;
}

export interface SpeechEmotionAttributes {
  /** Default: `voice`. May be changed at any time. */
  model?: ModelName;
  /** `none` leaves the sample clips out. Read, as those below, when the element first appears. */
  samples?: 'none';
  /** Offers the microphone. */
  mic?: boolean | '';
  /** Offers none, whatever `mic` says. */
  'no-mic'?: boolean | '';
  /** Lets visitors choose a file. */
  files?: boolean | '';
  /** Default: the visitor's system setting. */
  theme?: 'light' | 'dark';
}

export interface SpeechEmotionEventMap extends Omit<HTMLElementEventMap, 'progress' | 'error'> {
  result: CustomEvent<SpeechEmotionResult>;
  progress: CustomEvent<SpeechEmotionProgress>;
  error: CustomEvent<SpeechEmotionError>;
}

export interface SpeechEmotionElement extends HTMLElement {
  /** Reads a voice: an audio file, or mono samples from -1 to 1. Rejects with an error that has a `code`. */
  analyze(audio: Blob | ArrayBuffer | { samples: Float32Array; rate_hz: number }): Promise<SpeechEmotionResult>;
  addEventListener<K extends keyof SpeechEmotionEventMap>(
    type: K, listener: (this: SpeechEmotionElement, event: SpeechEmotionEventMap[K]) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof SpeechEmotionEventMap>(
    type: K, listener: (this: SpeechEmotionElement, event: SpeechEmotionEventMap[K]) => void, options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'speech-emotion': SpeechEmotionElement;
  }
}
