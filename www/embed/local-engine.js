// The engine of elements on the page that it runs on itself.

/** An error as the element expects it. @param {{code: string, message: string}} described */
export const asError = ({ code, message }) => Object.assign(new Error(message), { code });

/** @param {() => Promise<{answers: typeof import('./answers.js').answers, describeError: typeof import('./describe-error.js').describeError}>} load
 * @returns {import('./element.js').ElementEngine} */
export const localEngine = (load) => ({
  ask: async (/** @type {any} */ question, onProgress = () => {}) => {
    const { answers, describeError } = await load();
    try {
      return await (question.ask === 'hello' ? answers.hello() : answers.analyze(question, onProgress));
    } catch (error) {
      throw asError(describeError(error));
    }
  },
});
