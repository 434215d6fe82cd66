// Saving as a file.

/** Has the browser save a file. @param {string} name @param {BlobPart} content @param {string} type */
export function saveAs(name, content, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
