/**
 * Text of a model or spec as it may be shown: control characters, which hide or move text, and the marks that reverse
 * reading order, which make a name look like another, become a visible replacement; a line break becomes a space.
 */
export function safeText(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(hidden, '\u{fffd}');
}

// Controls; marks of direction, embedding and isolation; separators; zero width; byte order; tags; lone surrogates.
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Longest text that is put into a title or label; a name of 100,000 characters would freeze the tooltip. */
const longest = 400;

/** The whole text, cut in the middle only where no person would read on. */
export function fullText(text: string, most = longest): string {
  return elide(text, most);
}

/** Names longer than this are cut where they are shown, even where there is room. */
export const longestName = 240;
/** Code points at the end of a name that stay in sight when it is too long for its place. */
const tailLength = 14;

/**
 * A name in two parts, of which a page elides the first where there is too little room; short names have no second.
 * @param tail code points of the second
 */
export function splitName(name: string, tail: number = tailLength): readonly [head: string, tail: string] {
  const characters = [...elide(name, longestName)];
  if (characters.length <= 2 * tail) return [characters.join(''), ''];
  const at = characters.length - tail;
  return [characters.slice(0, at).join(''), characters.slice(at).join('')];
}

/** At most `most` characters, made safe; what is too much is taken out of the middle: names differ at their ends. */
export function elide(text: string, most: number): string {
  if (text.length <= most) return safeText(text);
  const tail = Math.floor((most - 1) / 2);
  const head = most - 1 - tail;
  // Halves of a character beyond the basic plane, left by the cut, go too.
  const start = text.slice(0, head).replace(/[\ud800-\udbff]$/, '');
  const end = tail === 0 ? '' : text.slice(-tail).replace(/^[\udc00-\udfff]/, '');
  return `${safeText(start)}…${safeText(end)}`;
}

/** The longest elision of `text` whose `width` is at most `room`. */
export function elideToWidth(text: string, room: number, width: (text: string) => number): string {
  const whole = elide(text, longest);
  if (width(whole) <= room) return whole;
  let fits = 1;
  let tooLong = Math.min(whole.length, longest);
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (width(elide(whole, middle)) <= room) fits = middle;
    else tooLong = middle;
  }
  return elide(whole, fits);
}
