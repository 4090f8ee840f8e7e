import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';

/** Most files a folder or glob may give, and how deep it may go: a link in a circle or a whole disk ends here. */
const mostFiles = 2_000_000;
const deepest = 64;

/** Does the path hold glob characters? */
export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * One path segment of a glob as a predicate: `*`, `?`, `[a-c]`, `[!a]`, `{png,jpg}`. Matching is by a walk over
 * positions, never by a backtracking regular expression.
 */
export function segmentMatcher(pattern: string): (name: string) => boolean {
  const matchers = expandBraces(pattern).map(parseSegment);
  return (name) => matchers.some((tokens) => matchTokens(tokens, [...name]));
}

type Token = { readonly star: true } | { readonly star: false; readonly accepts: (character: string) => boolean };

function parseSegment(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === '*') {
      if (tokens.at(-1)?.star !== true) tokens.push({ star: true });
    } else if (character === '?') tokens.push({ star: false, accepts: () => true });
    else if (character === '[' && characters.indexOf(']', i + 2) > 0) {
      const end = characters.indexOf(']', i + 2);
      tokens.push({ star: false, accepts: characterClass(characters.slice(i + 1, end)) });
      i = end;
    } else tokens.push({ star: false, accepts: (other) => other === character });
  }
  return tokens;
}

function characterClass(inside: readonly string[]): (character: string) => boolean {
  const negated = inside[0] === '!' || inside[0] === '^';
  const body = negated ? inside.slice(1) : inside;
  return (character) => {
    let found = false;
    for (let i = 0; i < body.length; i++) {
      if (body[i + 1] === '-' && i + 2 < body.length) {
        found ||= character >= body[i]! && character <= body[i + 2]!;
        i += 2;
      } else found ||= character === body[i];
    }
    return found !== negated;
  };
}

/** Greedy with one point to return to: linear in pattern times name. */
function matchTokens(tokens: readonly Token[], name: readonly string[]): boolean {
  let t = 0;
  let n = 0;
  let starAt = -1;
  let starName = 0;
  while (n < name.length) {
    const token = tokens[t];
    if (token?.star) {
      starAt = t++;
      starName = n;
    } else if (token !== undefined && !token.star && token.accepts(name[n]!)) {
      t++;
      n++;
    } else if (starAt >= 0) {
      t = starAt + 1;
      n = ++starName;
    } else return false;
  }
  while (tokens[t]?.star) t++;
  return t === tokens.length;
}

/** `{a,b}` to one pattern each, without nesting; at most 256. */
function expandBraces(pattern: string): string[] {
  let patterns = [pattern];
  for (;;) {
    const at = patterns.findIndex((text) => /\{[^{}]*\}/.test(text));
    if (at < 0 || patterns.length > 256) return patterns;
    const text = patterns[at]!;
    const open = text.search(/\{[^{}]*\}/);
    const close = text.indexOf('}', open);
    const choices = text.slice(open + 1, close).split(',');
    patterns = patterns.toSpliced(
      at,
      1,
      ...choices.map((choice) => text.slice(0, open) + choice + text.slice(close + 1)),
    );
  }
}

export interface FoundFile {
  readonly path: string;
  /** Relative to the folder the search began in, with `/` between the parts. */
  readonly name: string;
}

/**
 * Files of a folder (with all folders in it) or of a glob (`**` crosses folders), sorted by name by code unit.
 * Names that begin with a dot are left out unless the pattern names the dot. A link that leads back up is
 * not followed a second time.
 */
export async function findFiles(
  host: Host,
  path: string,
  accepts: (name: string) => boolean,
  progress: Progress | undefined,
): Promise<readonly FoundFile[]> {
  const separator = host.path.join('a', 'b')[1]!;
  const separators = separator === '\\' ? /[\\/]/ : /\//;
  const parts = path.split(separators);
  // A folder or file that is really called like that is meant as it is.
  const firstPattern = (await host.stat(path)) === undefined ? parts.findIndex(isGlob) : -1;
  const root = firstPattern < 0 ? path : parts.slice(0, firstPattern).join(separator) || separator;
  const pattern = firstPattern < 0 ? ['**', '*'] : withoutRepeats(parts.slice(firstPattern));
  const stat = await host.stat(root);
  if (stat === undefined) {
    fail('data/missing-file', `"${root}" does not exist.`, {
      fix: 'Correct the path; paths in a spec are relative to the spec.',
    });
  }
  const found: FoundFile[] = [];
  if (!stat.isDirectory) {
    return firstPattern < 0 ? [{ path: root, name: host.path.basename(root) }] : found;
  }

  const walk = async (folder: string, name: string, rest: readonly string[], visited: ReadonlySet<string>) => {
    throwIfCancelled(progress);
    const [head, ...tail] = rest;
    if (head === undefined || visited.size > deepest) return;
    const real = (await host.realPath(folder)) ?? folder;
    const key = `${real}\0${rest.join('/')}`;
    if (visited.has(key)) return;
    const inside = new Set(visited).add(key);
    if (head === '**') {
      await walk(folder, name, tail, inside);
      for (const child of await host.list(folder)) {
        if (child.startsWith('.')) continue;
        const childPath = host.path.join(folder, child);
        if ((await host.stat(childPath))?.isDirectory) await walk(childPath, `${name}${child}/`, rest, inside);
      }
      return;
    }
    const matches = segmentMatcher(head);
    for (const child of await host.list(folder)) {
      if (!matches(child) || (child.startsWith('.') && !head.startsWith('.'))) continue;
      if (tail.length === 0 && !accepts(child)) continue;
      const childPath = host.path.join(folder, child);
      const childStat = await host.stat(childPath);
      if (childStat === undefined) continue;
      if (tail.length > 0 && childStat.isDirectory) await walk(childPath, `${name}${child}/`, tail, inside);
      if (tail.length === 0 && !childStat.isDirectory) {
        found.push({ path: childPath, name: name + child });
        if (found.length > mostFiles) fail('data/too-many-files', `"${path}" gives more than ${mostFiles} files.`);
      }
    }
  };
  await walk(root, '', pattern, new Set());
  const unique = new Map(found.map((file) => [file.name, file]));
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Empty parts and a `**` after a `**` say nothing. */
function withoutRepeats(parts: readonly string[]): string[] {
  return parts.filter((part, i) => part !== '' && !(part === '**' && parts[i - 1] === '**'));
}
