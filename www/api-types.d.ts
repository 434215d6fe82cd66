import type { Backend, Channel, Emotion, ErrorCode, Moment, Note, Picture, Reading, Report, SpeakerReference, Summary } from './engine/types.d.ts';

// Fields of data are in snake_case, as in the command line's JSON; functions are in camelCase.
export type { Backend, Channel, Emotion, ErrorCode, Moment, Note, Picture, Reading, Report, SpeakerReference, Summary };
export type { Certainty, Quality, QualityNote, SpeakerSummary, Timings } from '../sottovoce.js';

/** What calls reject with: a message for people and a stable code. */
export declare class EngineError extends Error {
  code: ErrorCode;
}

/** The models in the package: see `models()`. */
export type ModelName = 'voice' | 'hubert-small' | 'wav2vec2-small' | 'mfcc1' | 'mfcc2' | 'ms' | 'baseline';

/** A file or its bytes (WAV, AIFF, FLAC, MP3, Ogg, WebM, M4A), or mono samples from -1 to 1, at 16 kHz unless a rate is given. */
export type Audio = Blob | ArrayBuffer | Float32Array | { samples: Float32Array; rate_hz: number };

export interface EngineOptions {
  /** Default: `voice`. */
  model?: ModelName;
  /** What runs speech encoders: `auto` uses the GPU where there is one and it is faster. */
  backend?: Backend;
  /** Called with the share of the engine and the model that is loaded, 0 to 1. */
  onProgress?: (share: number) => void;
}

export interface ClipOptions {
  /** The only channel of a file to analyze, where each has a voice of its own (note `dual-channel`); all are mixed otherwise. */
  channel?: Channel;
  /** Other clips of the speaker, which the reading is conditioned on. Only `voice` takes it. */
  speaker?: SpeakerReference;
  /** Rejects with its reason once it is aborted. */
  signal?: AbortSignal;
}

/** For the functions, which share an engine for each model. */
export interface Options extends EngineOptions, ClipOptions {}

export interface FollowOptions {
  /** Seconds from the start of one window of four seconds to the next, 0.25 to 4. Default: 2. */
  step_s?: number;
  /** Other clips of the speaker, which the readings are conditioned on. Only `voice` takes it. */
  speaker?: SpeakerReference;
  /** The only channel to analyze; all are mixed otherwise. */
  channel?: Channel;
  /** Throws its reason once it is aborted. */
  signal?: AbortSignal;
}

/** Which parts of a clip raised an emotion. */
export interface Explanation extends Summary {
  /** Row by row, lowest first, with time along a row; from 0 to 1, the maximum. */
  heat: Picture;
}

export interface Model {
  name: ModelName;
  summary: string;
  /** Size of its files. */
  bytes: number;
  /** Share of clips in which it names the emotion that the actor was asked for; other clips of these speakers were in its training
   * set. */
  accuracy: number;
  /** The same with unseen speakers. */
  accuracy_on_unseen_speakers?: number;
}

/** An engine with a model and workers of its own, which end with `close()`. It loads at once.
 *
 * Events, each a `CustomEvent<{message: string}>`: `backend` when the CPU takes over from the GPU, `crash` when a worker crashed. The
 * engine goes on after both. */
export declare class Engine extends EventTarget {
  /** @throws {EngineError} `no-model` for an unknown name. */
  constructor(options?: EngineOptions);
  /** See the function `analyze`. */
  analyze(audio: Audio, options?: ClipOptions): Promise<Reading>;
  /** See the function `explain`. */
  explain(audio: Audio, options?: ClipOptions & { emotion?: Emotion }): Promise<Explanation>;
  /** See the function `speakerReference`. */
  speakerReference(of: (Reading | SpeakerReference)[], options?: Pick<ClipOptions, 'signal'>): Promise<SpeakerReference>;
  /** Reads a recording of any length window by window, in order. Returns the seconds of audio that are missing or could not be
   * decoded, and notes; `break` ends the analysis.
   * @throws {EngineError} `out-of-range` for a step that is not. */
  follow(file: Blob, options?: FollowOptions): AsyncGenerator<Moment, { lost_s: number; notes: Note[] }, void>;
  /** Ends the workers. Pending and later requests reject with the code `ended`. */
  close(): void;
  addEventListener(
    type: 'backend' | 'crash', listener: (event: CustomEvent<{ message: string }>) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** Reads the emotion in four seconds of a voice, from where speech begins, or from half a second.
 * `report.certainty` is `likely`, `leaning`, `unsure` or `no-speech`; show no label without it.
 * @throws {EngineError} with a stable `code` and a message for people. */
export function analyze(audio: Audio, options?: Options): Promise<Reading>;

/** A speaker reference from readings of other recordings of the speaker and from earlier references: plain data, for
 * `analyze(audio, { speaker })`. Their order does not matter, and nothing else is stored. Readings without speech add nothing.
 * @throws {EngineError} if the model takes no reference, or one was made by another model. */
export function speakerReference(
  of: (Reading | SpeakerReference)[], options?: EngineOptions & Pick<ClipOptions, 'signal'>,
): Promise<SpeakerReference>;

/** Explains which parts of a voice raised an emotion: by default the one with the highest probability. */
export function explain(audio: Audio, options?: Options & { emotion?: Emotion }): Promise<Explanation>;

/** The models, with their accuracy and size. */
export function models(): Promise<Model[]>;
