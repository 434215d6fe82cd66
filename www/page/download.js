// Saving as a file.

/** Has the browser save a text. @param {string} name Of the file. @param {string} text @param {string} type */
export function saveAs(name, text, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
