/**
 * The toolkit tries a style sheet out while it loads, and looks for the nonce that the page's policy wants in a `meta`
 * element. Ours is the one that this script was let in by; this file must be imported before the toolkit.
 */
const nonce = document.currentScript?.nonce;
if (nonce) {
  const meta = document.createElement('meta');
  meta.setAttribute('property', 'csp-nonce');
  meta.content = nonce;
  document.head.append(meta);
}
