/** A table without a head: what each row is about, and what is to say of it. Cells are Markdown on one line; empty ones leave their row out. */
export function facts(rows: readonly (readonly [about: string, said: string])[]): string {
  const filled = rows.filter(([, said]) => said !== '');
  return filled.length === 0 ? '' : table(['', ''], filled);
}

/** Space that is not trimmed, and at which no line ends. */
export const gap = '&nbsp;&nbsp;';

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  // Editors put columns close together; the last has room enough.
  const apart = (cell: string, column: number) =>
    cell === '' || column === titles.length - 1 ? cell : `${cell}${gap}`;
  const line = (cells: readonly string[]) => `| ${cells.map(apart).join(' | ')} |`;
  const rule = `| ${titles.map(() => ':--').join(' | ')} |`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

/** Paragraphs, empty ones left out. */
export function paragraphs(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** A word in bold and what it is called in full, where that says more. */
export function heading(name: string, title = ''): string {
  const same = title.toLowerCase().replaceAll(/\W/g, '') === name.toLowerCase().replaceAll(/\W/g, '');
  return same ? `**${plain(name)}**` : `**${plain(name)}** ${plain(title)}`.trimEnd();
}

/** Lines of a spec as an example; made of words of the language alone, never of a model's. */
export function example(...lines: readonly string[]): string {
  return `\`\`\`qspec\n${lines.join('\n')}\n\`\`\``;
}

/** A drawing within the text. */
export function picture(svg: string, about: string): string {
  const data = encodeURIComponent(svg).replaceAll(/[()'*!]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `![${plain(about)}](data:image/svg+xml,${data})`;
}

/** A number of at most four digits that count, with a proper minus sign. */
export function figure(value: number): string {
  const rounded = Number(value.toPrecision(4));
  const text = Math.abs(rounded) >= 1e7 ? grouped(rounded) : String(rounded);
  return text.replace('-', '−');
}

/** `1,048,576`. */
export function grouped(value: number): string {
  const [whole, part] = String(value).split('.');
  if (/e/.test(whole!)) return String(value).replace('-', '−');
  const marked = whole!.replaceAll(/\B(?=(\d{3})+$)/g, ',').replace('-', '−');
  return part === undefined ? marked : `${marked}.${part}`;
}

/** `3 layers`, `1 layer`. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;
}

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
