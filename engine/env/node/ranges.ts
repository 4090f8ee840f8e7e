import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fail } from '../../findings.ts';
import type { RangeReader } from '../../host.ts';
import { explainedSync } from './errors.ts';

/**
 * Opens anew for each range: a model may name thousands of files, more than a process may hold open. What is opened must be
 * the very file, unchanged, that was there at first.
 */
export function rangeReader(path: string): RangeReader {
  const identityOf = (handle: number) => {
    const { dev, ino, size, mtimeNs } = fstatSync(handle, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  };
  const opened = <T>(work: (handle: number) => T): T => {
    const handle = openSync(path, 'r');
    try {
      return work(handle);
    } finally {
      closeSync(handle);
    }
  };
  const identity = opened(identityOf);
  return (offset, length) =>
    explainedSync(path, () =>
      opened((handle) => {
        if (identityOf(handle) !== identity) {
          fail('file/changed', `The file changed while it was in use: ${path}.`, {
            file: path,
            why: 'What was read of it before does not fit what is there now.',
            fix: 'Run again.',
          });
        }
        return readSyncRange(handle, offset, length);
      }),
    );
}

/** Bytes `[offset, offset + length)` of an open file; fewer when it ends before. */
export function readSyncRange(handle: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(handle).size - offset)));
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(handle, bytes, filled, Math.min(bytes.length - filled, 2 ** 30), offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
