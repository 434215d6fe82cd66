import type { Backend, Channel, Picture, Reading, Report, SpeakerReference, Summary } from './engine/types.d.ts';

export type { Backend, Channel, Picture, Reading, Report, SpeakerReference };

/** The seven emotions that the models know, in the order in which they tell them. */
export type Emotion = 'angry' | 'disgust' | 'fear' | 'happy' | 'neutral' | 'sad' | 'surprise';

/** The models that are in the package: see `models()`. */
export type ModelName = 'voice' | 'hubert-small' | 'wav2vec2-small' | 'mfcc1' | 'mfcc2' | 'ms' | 'baseline';

/** A file or its bytes (WAV, AIFF, FLAC, MP3, Ogg, WebM, M4A), or mono samples from -1 to 1: alone at 16 kHz, or with their rate. */
export type Audio = Blob | ArrayBuffer | Float32Array | { samples: Float32Array; rateHz: number };

export interface Options {
  /** `voice` unless another is named. */
  model?: ModelName;
  /** What runs speech encoders: `auto` takes the graphics processor where there is one and it is quicker. */
  backend?: Backend;
  /** The channel of a file to read alone, where each has a voice of its own (note `dual-channel`); all are mixed otherwise. */
  channel?: Channel;
  /** What is known of the speaker: recordings are read beside it. `voice` alone takes it. */
  speaker?: SpeakerReference;
  /** Rejects with its reason once it is aborted. */
  signal?: AbortSignal;
  /** Hears how much of the engine and the model is loaded, 0 to 1. */
  onProgress?: (share: number) => void;
}

/** What in a clip raised an emotion. */
export interface Explanation extends Summary {
  /** Row by row, lowest first; time runs along a row. 0 is none, 1 the most. */
  heat: Picture;
}

export interface Model {
  name: ModelName;
  summary: string;
  /** Size of its files. */
  bytes: number;
  /** Share of clips in which it names the emotion that the actor was asked for; it knew the speakers by other clips. */
  accuracy: number;
  /** The same, of speakers that it never heard. */
  accuracyOnNewVoices?: number;
}

/** Reads the emotion in a voice: four seconds of it, beginning where speech does, or half a second in.
 * `report.certainty` tells whether it is `likely`, `leaning`, `unsure` or `no-speech`; show no label without it.
 * @throws an `Error` with a stable `code` and a message for people. */
export function analyze(audio: Audio, options?: Options): Promise<Reading>;

/** What is known of a speaker from readings of other recordings, and from references that were kept: plain data, for
 * `analyze(audio, { speaker })`. Their order does not matter, and nothing is kept beyond what it returns. Readings without speech add
 * nothing.
 * @throws an `Error` with a `code` where the model takes no reference, or one was made by another model. */
export function speakerReference(
  of: (Reading | SpeakerReference)[], options?: Pick<Options, 'model' | 'backend' | 'signal' | 'onProgress'>,
): Promise<SpeakerReference>;

/** What in a voice raised an emotion: the one that is read, unless another is named. */
export function explain(audio: Audio, options?: Options & { emotion?: Emotion }): Promise<Explanation>;

/** The models, how well they do and how large they are. */
export function models(): Promise<Model[]>;
