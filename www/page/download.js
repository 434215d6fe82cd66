// Saving as a file.

/** The name of a file about a recording. @param {string} source What the page calls the recording. @param {string} extension */
export const fileNameOf = (source, extension) =>
  `${source.replace(/\.[^.]*$/, '').replaceAll(/[^\p{L}\p{N} ._-]/gu, '') || 'sottovoce'}.${extension}`;

/** Has the browser save a file. @param {string} name @param {BlobPart} content @param {string} type */
export function saveAs(name, content, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
