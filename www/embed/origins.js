// Which sites may embed this one: `*` for all of them, or origins such as `https://school.example`. Changed before the page is
// built, since each script of a built page has its hash.

/** @type {string[]} */
export const ALLOWED = ['*'];
