// Elements of the page.

/** @typedef {import('./elements.d.ts').Elements} Elements */

/** The element with an id that the page is known to have. @template {keyof Elements} Id @param {Id} id @returns {Elements[Id]} */
export const byId = (id) => /** @type {Elements[Id]} */ (document.getElementById(id));

/** The element below another that the page is known to have. @param {Element} parent @param {string} selector @returns {HTMLElement} */
export const below = (parent, selector) => /** @type {HTMLElement} */ (parent.querySelector(selector));
