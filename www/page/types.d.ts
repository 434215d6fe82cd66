/** Types that the page's modules share. */

import type { Engine } from '../engine/engine.js';
import type { Channel, Sample } from '../engine/types.d.ts';

/** Where a recording on the page comes from. */
export interface Origin {
  /** What the page calls it. */
  source: string;
  /** Of sample clips, what the actor was asked for. */
  acted?: string;
  /** And what most of those chose who heard the voice alone. */
  perceived?: string[];
  /** Whether the browser decoded it, since the engine could not. */
  byBrowser?: boolean;
  file?: File;
  /** Of a visitor's own recording, what stands for it however often it is analyzed. */
  own?: symbol | string;
  /** The speaker reference that its reading is conditioned on, as JSON text. */
  speaker?: string;
  /** The one channel that is analyzed; all are mixed otherwise. */
  channel?: Channel;
}

/** A sample clip that the page offers. */
export interface OfferedSample extends Sample {
  /** What most of those chose who heard the voice alone. */
  perceived: string[];
  /** Whether the model disagrees with them: it is offered for that. */
  disputed?: boolean;
}

/** Shows how far work is, in words and as a share, 0 to 1. */
export type ShowProgress = (text: string, share?: number) => void;

/** What the panel of visitors' own models needs. */
export interface Page {
  engine: Engine;
  /** Switches to a model. */
  useModel: (model: string) => Promise<void>;
}
