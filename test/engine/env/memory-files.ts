import type { BrowserFiles } from '../../../engine/env/browser/host.ts';

/** Files in memory, as a web window's owner may give them. */
export function memoryFiles(): BrowserFiles & { readonly content: Map<string, Uint8Array> } {
  const content = new Map<string, Uint8Array>();
  const inFolder = (folder: string) => [...content.keys()].filter((path) => path.startsWith(`${folder}/`));
  return {
    content,
    stat: async (path) => {
      const size = content.get(path)?.length;
      if (size === undefined && inFolder(path).length === 0) return undefined;
      return { size: size ?? 0, isDirectory: size === undefined, modified: 0 };
    },
    readFile: async (path) => content.get(path)!,
    list: async (folder) => inFolder(folder).map((path) => path.slice(folder.length + 1)),
    createFolder: async () => {},
    writeFile: async (path, bytes) => void content.set(path, bytes),
    rename: async (from, to) => {
      content.set(to, content.get(from)!);
      content.delete(from);
    },
    remove: async (path) => void content.delete(path),
    asset: async () => Uint8Array.of(1),
  };
}
