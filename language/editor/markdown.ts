/**
 * Text of models and specs in a hover: every sign that Markdown, HTML or the editor's own links could take for theirs is
 * escaped, control characters are shown by their code, and long text is cut.
 */
export function plain(text: string, longest = 200): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  let out = '';
  for (const character of cut) {
    const code = character.codePointAt(0)!;
    if (code < 32 || code === 127 || (code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code < 0xe000)) {
      out += `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    } else out += /[\\`*_{}[\]()#+\-.!<>&|~$:@/"']/.test(character) ? `\\${character}` : character;
  }
  return out;
}

/** `412 KiB`, `58.3 KiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${digits(value)} ${units[unit]}`;
}

export function secondsText(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 1 || size === 0) return `${digits(seconds)} s`;
  if (size >= 1e-3) return `${digits(seconds * 1e3)} ms`;
  return size >= 1e-6 ? `${digits(seconds * 1e6)} us` : `${digits(seconds * 1e9)} ns`;
}

export function countText(count: number): string {
  if (count >= 1e9) return `${digits(count / 1e9)} G`;
  if (count >= 1e6) return `${digits(count / 1e6)} M`;
  return count >= 1e4 ? `${digits(count / 1e3)} K` : String(count);
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}
