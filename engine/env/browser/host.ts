import { posixPath } from '../../files/posix-path.ts';
import { fail } from '../../findings.ts';
import type { FileStat, Host, HostThread } from '../../host.ts';

/**
 * Files as the owner of the engine gives them: in a web window the extension, through `workspace.fs`. A missing file is
 * undefined; what is refused is a `FindingError`, as in the Node host.
 */
export interface BrowserFiles {
  stat(path: string): Promise<FileStat | undefined>;
  readFile(path: string): Promise<Uint8Array>;
  list(folder: string): Promise<readonly string[]>;
  createFolder(path: string): Promise<void>;
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Moves a file over another. Absent where the file system cannot: then `replace` is not atomic. */
  rename?(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Large assets of the extension (onnxruntime-web), from its own folder. */
  asset(name: string): Promise<Uint8Array>;
}

export interface BrowserHostOptions {
  readonly files: BrowserFiles;
  /** Absent without cross-origin isolation (there is no SharedArrayBuffer then) or where a worker can start no other. */
  readonly threads?: {
    readonly processors: number;
    /** Starts a worker that runs `runKernelThread` with `data`. */
    start(data: unknown): HostThread;
  };
}

/** The engine's door to a browser window or worker. Files are read and written whole: what the owner gives knows no ranges. */
export function browserHost({ files, threads }: BrowserHostOptions): Host {
  return {
    capabilities: {
      rangeReads: false,
      atomicReplace: files.rename !== undefined,
      sharedMemory: threads !== undefined,
      processors: threads?.processors ?? 1,
    },
    path: posixPath,
    stat: (path) => files.stat(path),
    readFile: (path) => files.readFile(path),
    async readRange(path, offset, length) {
      return (await files.readFile(path)).subarray(offset, offset + length);
    },
    list: async (folder) => [...(await files.list(folder))].sort(),
    // Virtual file systems have no links.
    async realPath(path) {
      const resolved = posixPath.resolve(path);
      return (await files.stat(resolved)) && resolved;
    },
    createFolder: (path) => files.createFolder(path),
    replace: (path) => Promise.resolve(pendingFile(files, path)),
    remove: (path) => files.remove(path),
    ...(threads && { startThread: (data: unknown) => threads.start(data) }),
    asset: (name) => (/^[\w.-]+$/.test(name) ? files.asset(name) : noAsset(name)),
  };
}

function pendingFile(files: BrowserFiles, path: string): Awaited<ReturnType<Host['replace']>> {
  let pieces: Uint8Array[] = [];
  const folder = posixPath.dirname(path);
  let place = path;
  return {
    async write(bytes) {
      pieces.push(bytes.slice());
    },
    rename(name) {
      place = posixPath.join(folder, posixPath.basename(name));
    },
    async commit() {
      const whole = joined(pieces);
      pieces = [];
      if (!files.rename) return await files.writeFile(place, whole);
      const part = posixPath.join(folder, `.${posixPath.basename(path)}.part`);
      try {
        await files.writeFile(part, whole);
        await files.rename(part, place);
      } catch (error) {
        await files.remove(part).catch(() => {});
        throw error;
      }
    },
    async discard() {
      pieces = [];
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

function noAsset(name: string): never {
  return fail('host/no-asset', `QSpec is not completely installed: ${name} is missing.`);
}
