import type { HostPath } from '../host.ts';

/** Paths with slashes, for hosts whose files are addressed by URI: what Node's `path.posix` does, where `/` is the current folder. */
export const posixPath: HostPath = {
  join: (...parts) => normalize(parts.filter((part) => part !== '').join('/')),
  resolve(...parts) {
    const start = parts.findLastIndex((part) => part.startsWith('/'));
    return withoutEnd(normalize(`/${parts.slice(Math.max(start, 0)).join('/')}`));
  },
  dirname(path) {
    const trimmed = withoutEnd(path);
    const slash = trimmed.lastIndexOf('/');
    if (slash < 0) return path.startsWith('/') ? '/' : '.';
    return withoutEnd(trimmed.slice(0, slash)) || '/';
  },
  basename: (path) => {
    const trimmed = withoutEnd(path);
    return trimmed.slice(trimmed.lastIndexOf('/') + 1);
  },
  relative(from, to) {
    const [here, there] = [from, to].map((path) => posixPath.resolve(path).split('/').filter(Boolean)) as [
      string[],
      string[],
    ];
    let common = 0;
    while (common < here.length && here[common] === there[common]) common++;
    return [...here.slice(common).map(() => '..'), ...there.slice(common)].join('/');
  },
  isAbsolute: (path) => path.startsWith('/'),
};

/** Without `.`, `..` and doubled slashes, as far as that is possible; keeps a slash at the end. */
function normalize(path: string): string {
  if (path === '') return '.';
  const absolute = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!absolute) kept.push('..');
  }
  const inner = kept.join('/');
  const end = path.endsWith('/') && inner !== '' ? '/' : '';
  return absolute ? `/${inner}${end}` : inner + end || (path.endsWith('/') ? './' : '.');
}

/** Without slashes at the end; '/' is all end and becomes ''. */
function withoutEnd(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' && path.startsWith('/') ? '/' : trimmed;
}
