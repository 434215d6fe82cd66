// Which engine this browser gets. The build inlines it into the page, too, which requests the engine first of all.

/** A module whose one function uses the relaxed swizzle. */
const RELAXED = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
  10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

/** The engine for this browser: encoders are faster with relaxed SIMD, which not every browser supports. */
export const engineFile = () => (WebAssembly.validate(new Uint8Array(RELAXED)) ? 'sottovoce_relaxed.wasm' : 'sottovoce_bg.wasm');
