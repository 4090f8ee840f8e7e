/** Text for HTML content and quoted attributes. Control characters that HTML forbids become U+FFFD. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/**
 * Text from models and specs as it may go to a terminal or a page: control characters (escape sequences among them),
 * line and paragraph separators and marks that turn the writing direction show as U+FFFD instead of acting.
 */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
