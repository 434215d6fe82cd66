// Says why nothing works in a frame that is sandboxed without an origin: it can load no module, store or worker of this site.
// The build inlines this script into the pages, since no other could be loaded there, and its text is here in all languages for
// the same reason.

(() => {
  // Pages opened from a disk have an opaque origin, too, but no sandbox.
  if (origin !== 'null' || location.protocol === 'file:') return;
  const code = '<iframe sandbox="allow-scripts allow-same-origin">';
  /** @type {Record<string, string>} */
  const MESSAGES = {
    en: `Voices cannot be read in this frame: the page around it keeps it apart from its own site. Whoever made that page can allow it with ${code}.`,
    de: `In diesem Rahmen können keine Stimmen gelesen werden: Die Seite, in der er steht, trennt ihn von seiner eigenen Website. Wer sie gemacht hat, kann es mit ${code} erlauben.`,
    es: `En este marco no se pueden leer voces: la página que lo contiene lo separa de su propio sitio. Quien la hizo puede permitirlo con ${code}.`,
    fr: `Aucune voix ne peut être lue dans ce cadre : la page qui le contient le sépare de son propre site. La personne qui l’a créée peut l’autoriser avec ${code}.`,
    zh: `此框架中无法读取声音：包含它的页面把它与自己的网站隔开了。该页面的制作者可以用 ${code} 来允许。`,
  };
  const languages = [new URLSearchParams(location.search).get('lang') ?? '', ...navigator.languages];
  const language = languages.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => Object.hasOwn(MESSAGES, tag)) ?? 'en';
  document.documentElement.lang = language;
  // The rest of the page would be blocked piece by piece, or fail half-way on servers that allow other origins.
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "default-src 'none'";
  document.head.append(policy);
  const main = document.createElement('main');
  main.textContent = MESSAGES[language];
  addEventListener('DOMContentLoaded', () => {
    document.body.replaceChildren(main);
    document.body.style.font = '1rem/1.5 system-ui, sans-serif';
  });
  parent.postMessage({ sottovoce: 1, type: 'error', detail: { code: 'sandboxed', message: MESSAGES[language] } }, '*');
})();
