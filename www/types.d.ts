/** Messages between the page and its worker, and the report they carry. */

export interface Report {
  label: string;
  certainty: 'likely' | 'leaning' | 'unsure' | 'no-speech';
  probabilities: Record<string, number>;
  notes: { code: string; advice: string }[];
  quality: { level_dbfs: number; clipped_share: number; speech_share: number };
  model: string;
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

/** Asked of the worker. */
export type Request =
  | { type: 'load'; module: WebAssembly.Module; manifest: string; weights: Uint8Array }
  | { type: 'file'; id: number; file: Blob }
  | { type: 'samples'; id: number; samples: Float32Array; rateHz: number };

/** Told by the worker. */
export type Reply =
  | { type: 'ready' }
  | { type: 'reading'; id: number; reading: Reading }
  | { type: 'refused'; id: number; code: string; message: string }
  | { type: 'crashed'; message: string };

export interface Metrics {
  clips: number;
  accuracy: number;
  mean_recall: number;
  accuracy_by_corpus: Record<string, number>;
}

export interface Manifest {
  name: string;
  summary: string;
  weights: { file: string; bytes: number };
  metrics: Metrics;
}

export interface Sample {
  file: string;
  /** Who speaks and what, without giving away the emotion. */
  name: string;
  /** What the actor was asked for. */
  acted: string;
}
