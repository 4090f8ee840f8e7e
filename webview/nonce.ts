/**
 * Tells the toolkit the page's nonce, under the name it looks for. While it loads it tries a style element, and where the
 * page's policy refuses that it takes the browser for one without `:focus-visible`. Imported before the toolkit.
 */
const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.nonce !== '') {
  const meta = document.createElement('meta');
  meta.setAttribute('property', 'csp-nonce');
  meta.content = script.nonce;
  document.head.append(meta);
}

export {};
