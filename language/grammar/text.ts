/** What a quoted text means, and what is wrong with how it is written. Escapes are those of JSON. */
export interface DecodedText {
  readonly value: string;
  /** Offsets are into `raw`. */
  readonly faults: readonly TextFault[];
}

export interface TextFault {
  readonly kind: 'unclosed' | 'unknown-escape';
  readonly start: number;
  readonly end: number;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Decodes `"…"` as it stands in the source. Never throws: an unknown escape stays as it is written. */
export function decodeText(raw: string | undefined): DecodedText {
  if (!raw) return { value: '', faults: [] };
  const isPlain = raw.length > 1 && raw.indexOf('"', 1) === raw.length - 1 && !raw.includes('\\');
  if (isPlain) return { value: raw.slice(1, -1), faults: [] };
  const faults: TextFault[] = [];
  let value = '';
  let i = 1;
  while (i < raw.length) {
    const character = raw[i]!;
    if (character === '"') return { value, faults };
    if (character !== '\\') {
      value += character;
      i++;
      continue;
    }
    const next = raw[i + 1] ?? '';
    const simple = simpleEscapes[next];
    const hex = next === 'u' ? /^[0-9a-fA-F]{4}$/.exec(raw.slice(i + 2, i + 6)) : null;
    if (simple !== undefined) {
      value += simple;
      i += 2;
    } else if (hex) {
      value += String.fromCharCode(Number.parseInt(hex[0], 16));
      i += 6;
    } else {
      faults.push({ kind: 'unknown-escape', start: i, end: Math.min(i + 2, raw.length) });
      value += character + next;
      i += 2;
    }
  }
  faults.push({ kind: 'unclosed', start: 0, end: raw.length });
  return { value, faults };
}

export function textValue(text: { readonly raw?: string } | undefined): string {
  return decodeText(text?.raw).value;
}

/** A text as it is written in a spec. */
export function quoteText(value: string): string {
  return JSON.stringify(value);
}

/** The pattern inside `re"…"`: only the quote is escaped, backslashes belong to the pattern. */
export function decodeRegex(raw: string | undefined): { pattern: string; closed: boolean } {
  if (!raw) return { pattern: '', closed: true };
  const closed = /^re"(\\[\s\S]|[^"\\])*"$/.test(raw);
  const body = raw.slice(3, closed ? -1 : undefined);
  return { pattern: body.replaceAll('\\"', '"'), closed };
}
