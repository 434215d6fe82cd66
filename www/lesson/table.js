// Cells of tables.

/** @param {string} text @param {string} scope */
export const heading = (text, scope) => Object.assign(document.createElement('th'), { scope, textContent: text });
