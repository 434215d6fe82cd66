/** Types that the engine and the page share, and messages between the page and its workers. Those of results are generated from Rust. */

import type {
  CustomClasses, EmbeddingVariance, Emotion, Explanation, Note, Picture, Reading, Report, SpeakerReference, Steps, TimelineWindow,
  WindowReading,
} from '../../sottovoce.js';

export type {
  CustomClasses, CustomOpinion, EmbeddingVariance, Emotion, Explanation, Note, Picture, Reading, Report, SpeakerReference, Steps, Summary,
} from '../../sottovoce.js';

/** Stable names of what can go wrong. */
export type ErrorCode =
  | 'amr' | 'archive' | 'bad-classes' | 'bad-speaker-reference' | 'cannot-teach' | 'corrupt' | 'crashed' | 'damaged' | 'document' | 'empty'
  | 'encoder-description' | 'encoder-file' | 'encoder-weights' | 'ended' | 'file-unreadable' | 'front-end' | 'git-lfs-pointer'
  | 'gpu-failed' | 'gpu-missing' | 'incomplete' | 'microphone-busy' | 'microphone-refused' | 'model-description'
  | 'model-file' | 'model-weights' | 'needs-encoder' | 'nist-sphere' | 'no-audio' | 'no-audio-track'
  | 'no-microphone' | 'no-microphone-access' | 'no-model' | 'no-question' | 'no-samples' | 'no-speaker-reference'
  | 'no-such-channel' | 'no-such-emotion' | 'not-allowed' | 'not-kept' | 'not-loaded' | 'not-seen' | 'out-of-range' | 'stopped' | 'too-large'
  | 'too-many-channels' | 'unknown-format' | 'unsupported-codec' | 'unsupported-rate' | 'web-page' | 'windows-media';

/** The only channel to analyze: the left, the right or one by its number, counted from 1. */
export type Channel = 'left' | 'right' | number;

/** A model as it is loaded: the text of its `model.json`, and the files that it names, in that order. */
export interface ModelFiles {
  manifest: string;
  files: Uint8Array[];
}

/** What runs networks: `auto` uses the GPU where there is one and it is faster. */
export type Backend = 'auto' | 'cpu' | 'webgpu';

/** An engine for a worker: the address of its script, and its code. */
export interface EngineCode {
  script: string;
  module: WebAssembly.Module;
}

/** What a worker needs first. */
export type Load = EngineCode & ModelFiles;

/** The engine for GPUs. */
export interface GpuLoad extends EngineCode {
  /** Whether it is used even if it is slower. */
  wanted: boolean;
}

/** What a clip is also classified by, as JSON text: conditioned on a speaker reference, and by a custom classifier. */
interface Conditions {
  speaker?: string;
  custom?: string;
}

/** Samples are mono at 16 kHz unless a rate is given. `speaker` is a speaker reference as JSON text, to condition on. */
interface Questions {
  /** All channels are mixed unless one is chosen. */
  file: { file: Blob; channel?: Channel } & Conditions;
  /** The samples of each channel, as the browser decodes them. */
  channels: { channels: Float32Array[]; rateHz: number; channel?: Channel } & Conditions;
  samples: { samples: Float32Array; rateHz: number } & Conditions;
  /** A window of long audio. */
  window: { samples: Float32Array; rateHz: number } & Conditions;
  /** The same, with the window's speaker reference. */
  enrolWindow: { samples: Float32Array; rateHz: number } & Conditions;
  /** Trains a custom classifier from the enrolments of clips, with the places of their classes among the names. */
  trainCustom: { names: string[]; labels: Uint32Array; enrolments: string[] };
  /** Describes a custom classifier from its JSON text. */
  describeCustom: { custom: string };
  /** Merges speaker references. */
  merge: { references: string[] };
  /** Grad-CAM, which only the full engine computes. */
  explain: { samples: Float32Array; emotion: Emotion };
  /** The bounds of the parts of a clip of so many samples that are occluded one by one. */
  occlusionParts: { count: number };
  /** Predicts with the samples between two positions occluded. */
  predictOccluded: { samples: Float32Array; from: number; to: number; speaker?: string };
  /** Takes the outputs of `predictOccluded` for a clip, then with a part occluded. */
  occludedProbabilities: { outputs: Float32Array; speaker?: string };
  /** Takes the outputs of `predictOccluded` for a clip of so many samples, then with each part occluded. */
  explainByOcclusion: { outputs: Float32Array; emotion: Emotion; count: number; speaker?: string };
  attention: { samples: Float32Array };
  activations: { samples: Float32Array };
  /** The windows of a recording as the text of a file: `csv`, `json`, `audacity`, `textgrid` or `webvtt`. */
  timeline: { windows: (TimelineWindow & { caption: string })[]; format: string };
  variance: { clips: Float32Array[] };
  steps: { samples: Float32Array; frame: number; window: number; hop: number; bands: number; coefficients: number };
}

/** The worker's answers. */
export interface Answers {
  file: Reading;
  channels: Reading;
  samples: Reading;
  /** None where there is too little speech. */
  window: Report | undefined;
  enrolWindow: WindowReading | undefined;
  trainCustom: CustomClasses;
  describeCustom: CustomClasses;
  merge: SpeakerReference;
  /** None of models with an encoder, which are explained by occlusion. */
  explain: Explanation | undefined;
  occlusionParts: Uint32Array;
  /** The logits of the seven emotions, then the distance from the training clips. */
  predictOccluded: Float32Array;
  /** Seven, in the order of the emotions. */
  occludedProbabilities: Float32Array;
  explainByOcclusion: Explanation;
  /** Attention weights of each frame (rows) for each (columns): all heads of the first layer, then of the next. */
  attention: Picture[] | undefined;
  /** Activation of each dimension (rows) in each frame (columns). */
  activations: Picture | undefined;
  timeline: string;
  /** None of fewer than two clips. */
  variance: EmbeddingVariance | undefined;
  steps: Steps;
}

export type Topic = keyof Questions;
export type Question<T extends Topic> = { type: T } & Questions[T];

/** Messages to the worker. */
export type Request =
  | { type: 'load'; id: number } & Load
  | { type: 'gpu' } & GpuLoad & ModelFiles
  | { [T in Topic]: { id: number } & Question<T> }[Topic];

/** Messages from the worker. */
export type Reply =
  | { type: 'ready'; id: number }
  | { type: 'answer'; id: number; answer: Answers[Topic] }
  | { type: 'refused'; id: number; code: ErrorCode; message: string }
  | { type: 'crashed'; message: string }
  /** The GPU is set up and compared with the CPU; requests wait until the next message of type `backend`. */
  | { type: 'warm-up' }
  /** What runs networks from now on; `reason` says why it is not the GPU, `stopped` whether it was until now. */
  | { type: 'backend'; backend: 'cpu' | 'webgpu'; reason?: string; stopped?: boolean };

export interface Metrics {
  clips: number;
  accuracy: number;
  mean_recall: number;
  accuracy_by_corpus: Record<string, number>;
  /** Clips by target (rows) and prediction (columns), in the order of the emotions. */
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
  /** Of models with a speech encoder, the encoder with its files. */
  front_end: { kind?: 'mfcc_rms' | 'log_mel'; encoder?: EncoderDescription };
  /** Of models that take a speaker reference, the file for it. */
  speaker?: { weights: FileEntry };
  training: { split: string };
  metrics: Metrics;
  /** Accuracy on unseen corpora. */
  unseen_corpora?: UnseenCorpus[];
}

/** Evaluation on an unseen corpus: shares of clips. */
export interface UnseenCorpus {
  corpus: string;
  clips: number;
  accuracy: number;
  /** Coverage: for which an emotion is given without reserve. */
  said: number;
  /** Selective accuracy: how many of those are right. */
  right: number | null;
}

/** The contents of an `encoder.json`, as far as the page needs them. */
export interface EncoderDescription {
  name: string;
  network: { layers: number };
  shards: FileEntry[];
}

/** Messages to the worker that cuts long audio into windows: opens a file, then gets one window after the other. */
export type LongRequest =
  | { type: 'open'; file: Blob; stepS: number; channel?: Channel } & EngineCode
  | { type: 'next' };

/** Its replies. */
export type LongReply =
  | { type: 'opened'; durationS?: number }
  | { type: 'window'; startS: number; samples: Float32Array<ArrayBuffer> }
  | { type: 'end'; lostS: number; notes: Note[] }
  | { type: 'refused'; code: ErrorCode; message: string };

/** The reading of a window of long audio. */
export interface Moment {
  start_s: number;
  end_s: number;
  /** None where there is too little speech. */
  report?: Report;
  /** Peaks, 0 to 1, twenty a second, until the next window begins. */
  peaks: Float32Array;
}

/** Message to the worker that converts speech encoders. */
export interface ImportRequest extends EngineCode {
  /** The folder's name. */
  folder: string;
  files: File[];
}

/** Its reply. */
export type ImportReply =
  | { description: string; files: Uint8Array<ArrayBuffer>[] }
  | { code: ErrorCode; message: string };

/** A folder of a visitor's: of a model, an encoder or recordings. */
export interface Folder {
  name: string;
  files: File[];
}

/** What an analysis needs of an `Engine`. */
export interface EngineClient {
  ask<T extends Topic>(question: Question<T>): Promise<Answers[T]>;
}

/** Analyzes some recording with an engine. */
export type Analyze = (engine: EngineClient, speaker?: string) => Promise<Reading>;

/** A sample clip. */
export interface Sample {
  file: string;
  sex: 'female' | 'male';
  age: number;
  words: string;
  /** What the actor was asked for. */
  acted: string;
}
