import { posix } from 'node:path';
import type { Host } from '../../../../engine/host.ts';

/** What reading a memory host did, for tests of laziness. */
export interface HostUse {
  /** Bytes handed out, by path. */
  readonly read: Map<string, number>;
}

/**
 * A host whose files are in memory: `files` by absolute path with `/`. `links` maps a folder's path to the folder it
 * stands for.
 */
export function memoryHost(
  files: Readonly<Record<string, Uint8Array | string>>,
  options: { readonly rangeReads?: boolean; readonly links?: Readonly<Record<string, string>> } = {},
): Host & HostUse {
  const contents = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  );
  const links = Object.entries(options.links ?? {});
  const read = new Map<string, number>();
  const resolve = (path: string): string => {
    let real = posix.normalize(path).replace(/(.)\/$/, '$1');
    for (let hops = 0; hops < 100; hops++) {
      const link = links.find(([from]) => real === from || real.startsWith(`${from}/`));
      if (link === undefined) return real;
      real = link[1] + real.slice(link[0].length);
    }
    return real;
  };
  const isFolder = (real: string) =>
    [...contents.keys()].some((file) => file.startsWith(real === '/' ? '/' : `${real}/`));
  const take = (path: string, from: number, to: number): Uint8Array => {
    const bytes = contents.get(resolve(path));
    if (bytes === undefined) throw new Error(`no file ${path}`);
    const part = bytes.slice(from, to);
    read.set(path, (read.get(path) ?? 0) + part.length);
    return part;
  };
  const refuse = (): never => {
    throw new Error('the memory host is read-only');
  };
  return {
    read,
    capabilities: {
      rangeReads: options.rangeReads ?? true,
      atomicReplace: false,
      sharedMemory: false,
      processors: 1,
    },
    path: posix,
    async stat(path) {
      const real = resolve(path);
      const bytes = contents.get(real);
      if (bytes !== undefined) return { size: bytes.length, isDirectory: false, modified: 0 };
      return isFolder(real) ? { size: 0, isDirectory: true, modified: 0 } : undefined;
    },
    readFile: async (path) => take(path, 0, Number.POSITIVE_INFINITY),
    readRange: async (path, offset, length) => take(path, offset, offset + length),
    async list(folder) {
      const real = resolve(folder);
      const prefix = real === '/' ? '/' : `${real}/`;
      const names = [...contents.keys(), ...links.map(([from]) => from)]
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length).split('/')[0]!);
      return [...new Set(names)].sort();
    },
    async realPath(path) {
      const real = resolve(path);
      return contents.has(real) || isFolder(real) ? real : undefined;
    },
    createFolder: async () => refuse(),
    replace: async () => refuse(),
    remove: async () => refuse(),
    asset: async () => refuse(),
  };
}
