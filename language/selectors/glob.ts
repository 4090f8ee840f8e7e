/** True if the pattern has a wildcard, that is, if it can match more than the name it spells. */
export function isGlob(pattern: string): boolean {
  return /(^|[^\\])(\\\\)*[*?]/.test(pattern);
}

/** The name that a pattern without wildcards spells. */
export function unescapeGlob(pattern: string): string {
  return pattern.replace(/\\([*?\\])/g, '$1');
}

/** The pattern that matches this text alone. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?\\]/g, '\\$&');
}

interface GlobPart {
  readonly kind: 'many' | 'one' | 'literal';
  readonly code: number;
}

/**
 * Matches whole names: `*` is any run of characters, `/` among them, `?` any single one, `\*` and `\?` the signs themselves.
 * Time is at most name times pattern length.
 */
export function compileGlob(pattern: string): Glob {
  const parts = partsOf(pattern);
  const wild = parts.findIndex(({ kind }) => kind !== 'literal');
  const literal = wild < 0 ? parts : parts.slice(0, wild);
  return { prefix: String.fromCharCode(...literal.map(({ code }) => code)), test: (name) => matches(parts, name) };
}

export interface Glob {
  /** What every name that matches begins with. */
  readonly prefix: string;
  test(name: string): boolean;
}

function partsOf(pattern: string): readonly GlobPart[] {
  const parts: GlobPart[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    const next = pattern[i + 1];
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      parts.push({ kind: 'literal', code: pattern.charCodeAt(++i) });
    } else if (character === '*') {
      if (parts.at(-1)?.kind !== 'many') parts.push({ kind: 'many', code: 0 });
    } else if (character === '?') parts.push({ kind: 'one', code: 0 });
    else parts.push({ kind: 'literal', code: pattern.charCodeAt(i) });
  }
  return parts;
}

function matches(parts: readonly GlobPart[], name: string): boolean {
  let at = 0;
  let part = 0;
  let lastMany = -1;
  let lastManyAt = 0;
  while (at < name.length) {
    const current = parts[part];
    if (current?.kind === 'many') {
      lastMany = part++;
      lastManyAt = at;
    } else if (current && (current.kind === 'one' || current.code === name.charCodeAt(at))) {
      part++;
      at++;
    } else if (lastMany >= 0) {
      // Only the last `*` needs to grow: whatever an earlier one could take, this one can take as well.
      part = lastMany + 1;
      at = ++lastManyAt;
    } else {
      return false;
    }
  }
  while (parts[part]?.kind === 'many') part++;
  return part === parts.length;
}
