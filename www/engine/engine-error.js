// Errors that can say what to do about them.

/** An error with a sentence for people and a stable code. */
export class EngineError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
