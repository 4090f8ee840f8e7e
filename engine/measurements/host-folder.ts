import { replaceFile } from '../files/replace.ts';
import type { Host } from '../host.ts';
import type { CachedFile, CacheFolder } from './keyed-files.ts';

/** A folder of the machine, made when something is first written. */
export function hostFolder(host: Host, folder: string): CacheFolder {
  const pathOf = (name: string) => host.path.join(folder, name);
  return {
    async read(name) {
      return (await host.stat(pathOf(name))) === undefined ? undefined : await host.readFile(pathOf(name));
    },
    write: (name, bytes) => replaceFile(host, pathOf(name), bytes),
    async list() {
      if ((await host.stat(folder)) === undefined) return [];
      const files: CachedFile[] = [];
      for (const name of await host.list(folder)) {
        const stat = await host.stat(pathOf(name));
        if (stat && !stat.isDirectory) files.push({ name, size: stat.size, modified: stat.modified });
      }
      return files;
    },
    remove: (name) => host.remove(pathOf(name)),
  };
}
