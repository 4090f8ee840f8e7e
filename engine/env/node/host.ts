import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../../findings.ts';
import type { Host } from '../../host.ts';
import { errorCode, explained, isMissing } from './errors.ts';
import { rangeReader } from './ranges.ts';
import { replaceFile } from './replace.ts';
import { scratchFile } from './scratch.ts';
import { startKernelThread } from './threads.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

export interface NodeHostOptions {
  /** Bytes of resident memory beyond which this process is ended. */
  readonly memoryLimit?: number;
}

/** The engine's door to a machine with Node: its files, its threads. What the machine refuses becomes a finding. */
export function nodeHost({ memoryLimit }: NodeHostOptions = {}): Host {
  return {
    capabilities: {
      rangeReads: true,
      atomicReplace: true,
      sharedMemory: true,
      processors: availableParallelism(),
    },
    path: nodePath,

    async stat(path) {
      const found = await explained(path, () => stat(path).catch(missing));
      return found && { size: found.size, isDirectory: found.isDirectory(), modified: found.mtimeMs };
    },

    async readFile(path) {
      await checkRegular(path);
      const bytes = await explained(path, () => readFile(path));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },

    async readRange(path, offset, length) {
      await checkRegular(path);
      return await explained(path, () => readRange(path, offset, length));
    },

    async rangeReader(path) {
      await checkRegular(path);
      return await explained(path, async () => rangeReader(path));
    },

    scratch: async (folder) => scratchFile(folder),

    async list(folder) {
      return (await explained(folder, () => readdir(folder))).sort();
    },

    realPath: (path) => explained(path, () => realpath(path).catch(missing)),

    // EINVAL: there is something, and it is no link. On Windows the root of some drives says UNKNOWN.
    readLink: (path) =>
      explained(path, () =>
        readlink(path).catch((error) =>
          ['EINVAL', 'UNKNOWN'].includes(errorCode(error) ?? '') ? undefined : missing(error),
        ),
      ),

    async createFolder(path) {
      await explained(path, () => mkdir(path, { recursive: true }));
    },

    replace: replaceFile,

    remove: (path) => explained(path, () => rm(path, { force: true })),

    sha256(...parts) {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest('hex');
    },

    ...(memoryLimit !== undefined && { memoryLeft: () => memoryLimit - process.memoryUsage.rss() }),

    startThread: startKernelThread,

    async asset(name) {
      const path = assetFolders()
        .map((folder) => nodePath.join(folder, name))
        .find((candidate) => existsSync(candidate));
      if (nodePath.basename(name) !== name || path === undefined) {
        fail('host/no-asset', `QSpec is not completely installed: ${name} is missing.`, {
          fix: 'Install QSpec again.',
        });
      }
      return await this.readFile(path);
    },
  };
}

function missing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** Reading a pipe or a device (`/dev/zero`) might never end. */
async function checkRegular(path: string): Promise<void> {
  const found = await explained(path, () => stat(path));
  if (found.isFile()) return;
  if (found.isDirectory()) fail('file/is-folder', `A file is wanted, and this is a folder: ${path}.`, { file: path });
  fail('file/not-a-file', `This is neither a file nor a folder: ${path}.`, { file: path });
}

/** Bytes up to the end of the file; a huge `length` in a hostile file allocates no more than there is to read. */
async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const step = Math.min(bytes.length - filled, 2 ** 30);
      const { bytesRead } = await handle.read(bytes, filled, step, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/** Beside the bundle or, from a shared chunk, above it; in a source tree where the package is. */
function assetFolders(): string[] {
  const folders = [nodePath.join(here, 'onnxruntime'), nodePath.join(here, '..', 'onnxruntime')];
  try {
    folders.push(nodePath.dirname(createRequire(import.meta.url).resolve('onnxruntime-web')));
  } catch {
    // Not installed: then only what was bundled counts.
  }
  return folders;
}
