/** Messages between the page and its worker, and the report they carry. */

export interface Report {
  label: string;
  certainty: 'likely' | 'leaning' | 'unsure' | 'no-speech';
  probabilities: Record<string, number>;
  notes: { code: string; advice: string }[];
  quality: { level_dbfs: number; clipped_share: number; speech_share: number };
  model: string;
  backend: 'cpu' | 'webgpu';
  duration_s: number;
  heard_from_s: number;
  heard_s: number;
  source_rate_hz: number;
  timings: { decode_ms: number; quality_ms: number; features_ms: number; model_ms: number };
}

export interface Reading {
  report: Report;
  /** The clip: mono at 16 kHz, padding included. */
  samples: Float32Array;
  /** Log-mel in decibels, row by row, lowest band first. */
  picture: Float32Array;
  pictureRows: number;
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

/** Asked of the worker. */
export type Request =
  | { type: 'load'; id: number } & Load
  | { type: 'file'; id: number; file: Blob }
  | { type: 'samples'; id: number; samples: Float32Array; rateHz: number }
  /** A window of long audio at 16 kHz. */
  | { type: 'window'; id: number; samples: Float32Array };

/** Told by the worker. */
export type Reply =
  | { type: 'ready'; id: number }
  | { type: 'reading'; id: number; reading: Reading }
  /** Without a report where there is too little speech. */
  | { type: 'window'; id: number; report?: Report }
  | { type: 'refused'; id: number; code: string; message: string }
  | { type: 'crashed'; message: string }
  /** What runs the encoder from now on; `reason` tells why it is not the graphics processor, `stopped` that it was. */
  | { type: 'backend'; backend: 'cpu' | 'webgpu'; reason?: string; stopped?: boolean };

export interface Metrics {
  clips: number;
  accuracy: number;
  mean_recall: number;
  accuracy_by_corpus: Record<string, number>;
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
  front_end: { encoder?: EncoderDescription };
  training: { split: string };
  metrics: Metrics;
}

/** The contents of an `encoder.json`, as far as the page needs them. */
export interface EncoderDescription {
  name: string;
  network: { layers: number };
  shards: FileEntry[];
}

/** Asked of the worker that cuts long audio into windows: to open a file, then for one window after the other. */
export type LongRequest =
  | { type: 'open'; module: WebAssembly.Module; file: Blob; stepS: number }
  | { type: 'next' };

/** Told by it. */
export type LongReply =
  | { type: 'opened'; durationS?: number }
  | { type: 'window'; startS: number; samples: Float32Array<ArrayBuffer> }
  | { type: 'end' }
  | { type: 'refused'; code: string; message: string };

/** What is said of a part of long audio. */
export interface Moment {
  startS: number;
  endS: number;
  /** None where there is too little speech. */
  report?: Report;
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
  /** Who speaks and what, without giving away the emotion. */
  name: string;
  /** What the actor was asked for. */
  acted: string;
}

declare global {
  /** Of workers, which the page's other scripts are not. */
  class FileReaderSync {
    readAsArrayBuffer(blob: Blob): ArrayBuffer;
  }
}
