// Records from the microphone: raw samples at the browser's own rate, without its audio processing.

import { EngineError } from '../engine/engine-error.js';
import { MuteDetector } from './muted.js';

/** Called with the peak level (0 to 1), the length so far, and whether the microphone is muted.
 * @typedef {(level: number, seconds: number, isMuted: boolean) => void} OnLevel */
/** Mono. @typedef {{samples: Float32Array, rateHz: number}} Recorded */

/** The models' input begins after half a second and takes four seconds. */
export const RECORD_S = 4.6;

/** Records from the microphone until it is stopped. */
export class Recorder {
  /** @type {MediaStream} */ #stream;
  /** @type {AudioContext} */ #context;
  /** @type {Float32Array[]} */ #chunks = [];
  /** Samples since the start, and how many of them are still kept. */
  #length = 0;
  #kept = 0;
  #onLevel;
  #keepS;
  #muteDetector;

  /** @param {MediaStream} stream @param {AudioContext} context @param {OnLevel} onLevel @param {number} keepS */
  constructor(stream, context, onLevel, keepS) {
    this.#keepS = keepS;
    this.#stream = stream;
    this.#context = context;
    this.#onLevel = onLevel;
    this.#muteDetector = new MuteDetector(context.sampleRate);
  }

  /** Asks for the microphone and starts.
   * @param {OnLevel} onLevel
   * @param {() => void} onLost Called when the microphone is unplugged or its permission withdrawn.
   * @param {number} keepS Seconds after which audio is dropped.
   * @returns {Promise<Recorder>} */
  static async start(onLevel, onLost, keepS = Infinity) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new EngineError('no-microphone-access',
        'The browser gives the microphone only to pages opened over https or from this computer. Choose a file instead.');
    }
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
    }).catch((error) => { throw asEngineError(error); });
    const context = new AudioContext();
    try {
      // This script may be in a bundle, in a folder next to `page`.
      await context.audioWorklet.addModule(new URL('../page/capture-worklet.js', import.meta.url));
      const recorder = new Recorder(stream, context, onLevel, keepS);
      const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
      capture.port.onmessage = ({ data }) => recorder.#append(data);
      context.createMediaStreamSource(stream).connect(capture);
      stream.getAudioTracks()[0].onended = onLost;
      await context.resume();
      return recorder;
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      await context.close();
      throw error;
    }
  }

  /** Seconds recorded so far. */
  get seconds() {
    return this.#length / this.#context.sampleRate;
  }

  /** @param {Float32Array} chunk */
  #append(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#kept += chunk.length;
    const keep = this.#keepS * this.#context.sampleRate;
    while (this.#kept - this.#chunks[0].length >= keep) this.#kept -= this.#chunks.shift()?.length ?? 0;
    let peak = 0;
    for (const sample of chunk) peak = Math.max(peak, Math.abs(sample));
    this.#onLevel(peak, this.seconds, this.#muteDetector.update(chunk));
  }

  /** Releases the microphone.
   * @returns {Promise<Recorded>} */
  async stop() {
    this.#stream.getTracks().forEach((track) => track.stop());
    const recorded = this.latest();
    await this.#context.close();
    return recorded;
  }

  /** What was recorded and is still kept. @returns {Recorded} */
  latest() {
    const rateHz = this.#context.sampleRate;
    const samples = new Float32Array(this.#kept);
    let at = 0;
    for (const chunk of this.#chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    const keep = Math.min(samples.length, Math.round(this.#keepS * rateHz));
    return { samples: samples.subarray(samples.length - keep), rateHz };
  }
}

/** @param {DOMException} error */
function asEngineError(error) {
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new EngineError('microphone-refused',
        'The microphone was refused. Allow it next to the page’s address, or choose a file instead.');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new EngineError('no-microphone', 'No microphone was found. Plug one in, or choose a file instead.');
    default:
      return new EngineError('microphone-busy',
        'The microphone could not be opened; another program may be using it. Close that program, or choose a file instead.');
  }
}
