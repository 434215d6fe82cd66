// Runs on the audio thread: mixes the input to mono and sends it in chunks of about 20 ms.

const CHUNK = 1024;

class Capture extends AudioWorkletProcessor {
  #chunk = new Float32Array(CHUNK);
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    if (!channels.length) return true;
    for (let i = 0; i < channels[0].length; i += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.#chunk[this.#filled] = sum / channels.length;
      this.#filled += 1;
      if (this.#filled === CHUNK) {
        this.port.postMessage(this.#chunk, [this.#chunk.buffer]);
        this.#chunk = new Float32Array(CHUNK);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor('capture', Capture);
