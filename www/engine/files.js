// Where the files lie that the engine loads. The npm package has another script in this place, which names each of them, so
// that bundlers find them.

/** @param {string} path Below the folder that holds the engine, `models/` and `www/`. @returns {URL} */
export const fileAt = (path) => new URL(`../../${path}`, import.meta.url);
