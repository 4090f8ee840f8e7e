// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text from models and specs as it may stand in a page: control characters, line separators and marks that turn the
 * writing direction show as U+FFFD instead of acting.
 */
export function visible(text: string): string {
  return text.replace(acting, '\ufffd');
}

/** Names longer than this are cut even where there is room; nobody reads on, and pages stay small. */
const longest = 240;
/** Code points at the end of a name that stay in sight when it is too long for its place. */
const tailLength = 14;

/** Cut in the middle to at most `max` code points: names are best recognised by their ends. */
export function shorten(text: string, max = longest): string {
  const characters = [...text];
  if (characters.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (max - 1 - head)).join('')}`;
}

/** A name in two parts, of which a page elides the first where there is too little room; short names have no second. */
export function splitName(name: string): readonly [head: string, tail: string] {
  const characters = [...shorten(visible(name))];
  if (characters.length <= 2 * tailLength) return [characters.join(''), ''];
  const at = characters.length - tailLength;
  return [characters.slice(0, at).join(''), characters.slice(at).join('')];
}
