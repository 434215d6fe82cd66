// Errors that can say what to do about them.

/** An error with a sentence for people and a stable code. */
export class EngineError extends Error {
  /** @param {import('./types.d.ts').ErrorCode} code @param {string} message */
  constructor(code, message) {
    super(message);
    /** @type {import('./types.d.ts').ErrorCode} */ this.code = code;
  }
}
