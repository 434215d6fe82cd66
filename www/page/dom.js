// Elements of the page.

/** The element with an id that the page is known to have. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);
