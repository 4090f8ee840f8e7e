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
