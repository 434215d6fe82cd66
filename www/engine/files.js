// Addresses of the files that the engine loads. The npm package replaces this script by one that names each file, so that
// bundlers find them.

/** @param {string} path Relative to the folder with the engine, `models/` and `www/`. @returns {URL} */
export const fileAt = (path) => new URL(`../../${path}`, import.meta.url);
