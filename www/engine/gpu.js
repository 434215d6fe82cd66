// The worker's second engine, which runs a model's networks on a GPU.

/** @typedef {import('../../sottovoce_gpu.js').GpuModel} GpuModel */

/** A call that takes longer has failed. */
const TIMEOUT_MS = 25_000;
/** The first calls compile the kernels, which takes a minute on a software GPU. */
const FIRST_TIMEOUT_MS = 100_000;

/** Rejects the call that the engine is in. @type {((error: Error) => void) | undefined} */
let fail;

// A panic ends none of the promises of the engine that it stops.
self.addEventListener('error', (event) => {
  if (!fail) return;
  event.preventDefault();
  fail(event.error ?? new Error(event.message));
});

let timeoutMs = FIRST_TIMEOUT_MS;

/** @template T @param {() => Promise<T>} call @returns {Promise<T>} */
async function guarded(call) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timeout;
  const failed = new Promise((_, reject) => {
    fail = reject;
    timeout = setTimeout(() => reject(new Error('it does not answer')), timeoutMs);
  });
  try {
    return /** @type {T} */ (await Promise.race([failed, call()]));
  } finally {
    clearTimeout(timeout);
    fail = undefined;
  }
}

/** Uploads a model to the GPU. Its methods reject when the GPU stops, or the engine for it.
 * @param {import('./types.d.ts').GpuLoad & import('./types.d.ts').ModelFiles} load */
export async function openOnGpu({ script, module, manifest, files }) {
  /** @type {typeof import('../../sottovoce_gpu.js')} */
  const engine = await /** @type {any} */ (self).importModule(script);
  timeoutMs = FIRST_TIMEOUT_MS;
  /** @type {GpuModel} */ const model = await guarded(async () => {
    await engine.default({ module_or_path: module });
    return engine.GpuModel.open(manifest, files);
  });
  return {
    encode: (/** @type {Float32Array} */ input, /** @type {Uint32Array} */ states) => guarded(() => model.encode(input, states)),
    classify: (/** @type {Float32Array} */ map, /** @type {number} */ rows) => guarded(() => model.classify(map, rows)),
    /** The kernels are compiled. */
    endWarmUp() {
      timeoutMs = TIMEOUT_MS;
    },
    /** Frees the GPU's memory. */
    close() {
      try {
        model.free();
      } catch {
        // The engine has stopped, or is in a call that does not end.
      }
    },
  };
}
