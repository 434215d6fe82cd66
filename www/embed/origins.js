// The sites that may embed this one: `*` for all, or origins such as `https://school.example`. Edit this before the build, since
// built pages have the hash of each script.

/** @type {string[]} */
export const ALLOWED = ['*'];
