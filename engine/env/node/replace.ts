import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PendingFile } from '../../host.ts';
import { errorCode, explained } from './errors.ts';

/**
 * A file that comes into being beside its place and takes it at once.
 *
 * The temporary is `.NAME.MACHINE-PID-NUMBER.part`: whoever finds it can tell whether the process that wrote it still
 * lives, and folders shared between machines stay safe. The next `replace` of the same file removes what dead
 * processes left. A symbolic link at `path` is replaced itself; what it points to is not touched.
 */
export async function replaceFile(path: string): Promise<PendingFile> {
  await removeStale(path);
  const { part, handle } = await explained(path, () => create(path));
  let open = true;
  let place = path;
  const close = async () => {
    if (!open) return;
    open = false;
    await handle.close();
  };
  return {
    write: (bytes) => explained(path, () => writeAll(handle, bytes)),
    rename(name) {
      place = join(dirname(path), basename(name));
    },
    async commit() {
      try {
        await explained(place, async () => {
          await handle.sync();
          await close();
          await renameOver(part, place);
          await syncFolder(dirname(path));
        });
      } catch (error) {
        await close().catch(() => {});
        await rm(part, { force: true });
        throw error;
      }
    },
    async discard() {
      await close();
      await rm(part, { force: true });
    },
  };
}

const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
let counter = 0;

async function create(path: string): Promise<{ part: string; handle: FileHandle }> {
  // The new file may be read and written by whom the old one could be.
  const mode = (await stat(path).catch(() => undefined))?.mode;
  for (;;) {
    const part = join(dirname(path), `.${basename(path)}.${machine}-${process.pid}-${counter++}.part`);
    try {
      return { part, handle: await open(part, 'wx', mode === undefined ? 0o666 : mode & 0o777) };
    } catch (error) {
      // A dead process of the same number left one of this name.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** Removes temporaries of `path`, and of files named after it, whose process, on this machine, has ended. */
async function removeStale(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`.${basename(path)}.`)) continue;
    const [, writer, pid] = /\.([0-9a-f]{8})-(\d+)-\d+\.part$/.exec(name) ?? [];
    if (writer === machine && !isAlive(Number(pid))) await rm(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return errorCode(error) !== 'ESRCH';
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  // One system call takes at most 2 GiB, and may take less than it was given.
  for (let offset = 0; offset < bytes.length; ) {
    const length = Math.min(bytes.length - offset, 2 ** 30);
    offset += (await handle.write(bytes, offset, length)).bytesWritten;
  }
}

/** On Windows a virus scanner or an indexer may hold the old file for a moment. */
async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const passing = ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '');
      if (process.platform !== 'win32' || !passing || attempt === 8) throw error;
      await wait(10 * 2 ** attempt);
    }
  }
}

/** Makes the rename itself last; a folder cannot be flushed everywhere (Windows, some network drives). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // The data is flushed; only the moment of the rename is left to the file system.
  } finally {
    await handle?.close();
  }
}
