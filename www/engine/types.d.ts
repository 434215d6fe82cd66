/** Messages between the page and its worker, and the report they carry. */

export type Certainty = 'likely' | 'leaning' | 'unsure' | 'no-speech';

/** What is known of a speaker. */
export interface Known {
  clips: number;
  /** How much the model heard of them together. */
  seconds: number;
  /** How much the clips differ: 1 is as much as those of all speakers and emotions that trained the model. None of one clip. */
  variance: number | null;
  /** The emotion, other than neutral, that most of them seem to be: more varied ones would help. */
  one_sided: string | null;
}

/** What other recordings of the speaker a reading rests on, and what is said without them. */
export interface SpeakerSummary extends Known {
  alone: { label: string; certainty: Certainty; probabilities: Record<string, number> };
}

/** What is known of a speaker, as JSON text in `reference`. */
export interface SpeakerReference extends Known {
  reference: string;
}

export interface Report {
  label: string;
  certainty: Certainty;
  probabilities: Record<string, number>;
  /** Beside which other recordings of the speaker, if there were any. */
  speaker?: SpeakerSummary;
  notes: Note[];
  /** `lost_s`: seconds of sound that are missing, known or estimated. */
  quality: { level_dbfs: number; clipped_share: number; speech_share: number; lost_s: number };
  model: string;
  backend: 'cpu' | 'webgpu';
  duration_s: number;
  heard_from_s: number;
  heard_s: number;
  source_rate_hz: number;
  timings: { decode_ms: number; quality_ms: number; features_ms: number; model_ms: number };
}

/** A channel that is read alone: the left, the right or one by its number, counted from 1. */
export type Channel = 'left' | 'right' | number;

/** Something that a person should know of a recording. */
export interface Note {
  code: string;
  advice: string;
}

export interface Reading {
  report: Report;
  /** The clip: mono at 16 kHz, padding included. */
  samples: Float32Array;
  /** Log-mel in decibels, row by row, lowest band first. */
  picture: Float32Array;
  pictureRows: number;
  /** What the model decided by, to be compared from clip to clip. */
  features: Float32Array;
  /** The speaker reference of this recording alone, as JSON text; none without speech, or of models that take none. */
  enrolment?: string;
}

/** A model as it is loaded: the text of its `model.json`, and the files that this names, in their order. */
export interface ModelFiles {
  manifest: string;
  files: Uint8Array[];
}

/** What runs speech encoders: `auto` takes the graphics processor where there is one and it is quicker. */
export type Backend = 'auto' | 'cpu' | 'webgpu';

/** What a worker needs before it can read. */
export interface Load extends ModelFiles {
  module: WebAssembly.Module;
  backend: Backend;
}

/** Values row by row, lowest first. */
export interface Picture {
  values: Float32Array;
  rows: number;
}

/** What decided a reading, in a few numbers; seconds are counted from the clip's start. */
export interface Summary {
  emotion: string;
  probability: number;
  method: 'grad-cam' | 'silencing';
  clip_s: number;
  /** Where half of the heat lies; none if the map tells no times, or is empty. */
  seconds: [number, number] | null;
  rows: [number, number] | null;
  hz: [number, number] | null;
}

export interface Explanation {
  summary: Summary;
  heat: Picture;
  /** What the model saw, if it sees a picture. */
  seen?: Picture;
}

export interface FeatureVariance {
  clips: number;
  variance: number[];
  most: { feature: number; variance: number }[];
  least: { feature: number; variance: number }[];
}

/** What each step of the front end makes of one frame. */
export interface Steps {
  frame: Float32Array;
  window: Float32Array;
  power: Float32Array;
  energies: Float32Array;
  decibels: Float32Array;
  coefficients: Float32Array;
  logMel: Picture;
  mfcc: Picture;
}

/** Samples are mono at 16 kHz, if nothing else is said. `speaker` is a speaker reference as JSON text: a reading is beside it. */
interface Questions {
  /** All channels are mixed, unless one is chosen. */
  file: { file: Blob; channel?: Channel; speaker?: string };
  /** The samples of each channel at one rate, as the browser decodes them. */
  channels: { channels: Float32Array[]; rateHz: number; channel?: Channel; speaker?: string };
  samples: { samples: Float32Array; rateHz: number; speaker?: string };
  /** A window of long audio. */
  window: { samples: Float32Array; rateHz: number; speaker?: string };
  /** The reference of all clips of several. */
  merge: { references: string[] };
  explain: { samples: Float32Array; emotion: string };
  /** The places of samples between which a clip is silenced, part by part. */
  parts: { count: number };
  /** A reading with the samples between two places silenced. */
  without: { samples: Float32Array; from: number; to: number; speaker?: string };
  /** Of what `without` gives of a clip, then without a part of it. */
  probabilitiesWithout: { outputs: Float32Array };
  /** Of what `without` gives of a clip of so many samples, then without each part. */
  explainSilenced: { outputs: Float32Array; emotion: string; count: number; speaker?: string };
  attention: { samples: Float32Array };
  activations: { samples: Float32Array };
  variance: { clips: Float32Array[] };
  steps: { samples: Float32Array; frame: number; window: number; hop: number; bands: number; coefficients: number };
}

/** What the worker answers to each. */
export interface Answers {
  file: Reading;
  channels: Reading;
  samples: Reading;
  /** None where there is too little speech. */
  window: Report | undefined;
  merge: SpeakerReference;
  /** None of models with an encoder, which are explained by silencing. */
  explain: Explanation | undefined;
  parts: Uint32Array;
  /** The logits of the seven emotions, then the distance from the training clips. */
  without: Float32Array;
  /** Seven, in the order of the emotions. */
  probabilitiesWithout: Float32Array;
  explainSilenced: Explanation;
  /** How much each frame (rows) looks at each (columns): all heads of the first layer, then of the next. */
  attention: Picture[] | undefined;
  /** How strongly each latent dimension (rows) answers in each frame (columns). */
  activations: Picture | undefined;
  /** None of fewer than two clips. */
  variance: FeatureVariance | undefined;
  steps: Steps;
}

export type Topic = keyof Questions;
export type Question<T extends Topic> = { type: T } & Questions[T];

/** Asked of the worker. */
export type Request =
  | { type: 'load'; id: number } & Load
  | { [T in Topic]: { id: number } & Question<T> }[Topic];

/** Told by the worker. */
export type Reply =
  | { type: 'ready'; id: number }
  | { type: 'answer'; id: number; answer: Answers[Topic] }
  | { type: 'refused'; id: number; code: string; message: string }
  | { type: 'crashed'; message: string }
  /** What runs the encoder from now on; `reason` tells why it is not the graphics processor, `stopped` that it was. */
  | { type: 'backend'; backend: 'cpu' | 'webgpu'; reason?: string; stopped?: boolean };

export interface Metrics {
  clips: number;
  accuracy: number;
  mean_recall: number;
  accuracy_by_corpus: Record<string, number>;
  /** Clips, from what was asked for (rows) to what was said (columns), in the order of the emotions. */
  confusion: number[][];
}

export interface FileEntry {
  file: string;
  bytes: number;
  sha256: string;
}

export interface Manifest {
  name: string;
  summary: string;
  weights: FileEntry;
  /** Of models that listen through a speech encoder, the encoder with its files. */
  front_end: { kind?: 'mfcc_rms' | 'log_mel'; encoder?: EncoderDescription };
  /** Of models that take a speaker reference, the file for it. */
  speaker?: { weights: FileEntry };
  training: { split: string };
  metrics: Metrics;
  /** Corpora that it never met. */
  unseen_corpora?: UnseenCorpus[];
}

/** How a model does on a corpus that it never met: shares of clips. */
export interface UnseenCorpus {
  corpus: string;
  clips: number;
  accuracy: number;
  /** Of which an emotion is said for certain. */
  said: number;
  /** Of those, the right ones. */
  right: number | null;
}

/** The contents of an `encoder.json`, as far as the page needs them. */
export interface EncoderDescription {
  name: string;
  network: { layers: number };
  shards: FileEntry[];
}

/** Asked of the worker that cuts long audio into windows: to open a file, then for one window after the other. */
export type LongRequest =
  | { type: 'open'; module: WebAssembly.Module; file: Blob; stepS: number; channel?: Channel }
  | { type: 'next' };

/** Told by it. */
export type LongReply =
  | { type: 'opened'; durationS?: number }
  | { type: 'window'; startS: number; samples: Float32Array<ArrayBuffer> }
  | { type: 'end'; lostS: number; notes: Note[] }
  | { type: 'refused'; code: string; message: string };

/** What is said of a part of long audio. */
export interface Moment {
  startS: number;
  endS: number;
  /** None where there is too little speech. */
  report?: Report;
  /** How loud it is, 0 to 1, twenty times a second, before the next begins. */
  peaks: Float32Array;
}

/** Asked of the worker that brings speech encoders to our form. */
export interface ImportRequest {
  module: WebAssembly.Module;
  /** The folder's name. */
  folder: string;
  files: File[];
}

/** Told by it. */
export type ImportReply =
  | { description: string; files: Uint8Array<ArrayBuffer>[] }
  | { code: string; message: string };

export interface Sample {
  file: string;
  sex: 'female' | 'male';
  age: number;
  words: string;
  /** What the actor was asked for. */
  acted: string;
}

declare global {
  /** Written by the build before the offline worker: the page's version, and the hash of each of its files. */
  const VERSION: string;
  const FILES: Record<string, string>;

  /** Of workers, which the page's other scripts are not. */
  class FileReaderSync {
    readAsArrayBuffer(blob: Blob): ArrayBuffer;
  }
}
