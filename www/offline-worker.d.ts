/** Prepended to the service worker by the build: the page's version, and the hash of each of its files. */
declare const VERSION: string;
declare const FILES: Record<string, string>;
