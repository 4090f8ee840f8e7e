import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchFile } from '../../host.ts';
import { explainedSync } from './errors.ts';
import { readSyncRange } from './ranges.ts';

/** A file in `folder` that lost its name as soon as it was open: whatever ends the process, nothing is left of it. */
export function scratchFile(folder: string): ScratchFile {
  let handle: number | undefined;
  const open = (): number => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `.qspec-${randomUUID()}.part`);
    const opened = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return opened;
  };
  return {
    write: (bytes, offset) =>
      explainedSync(folder, () => {
        handle ??= open();
        for (let done = 0; done < bytes.length; ) {
          const length = Math.min(bytes.length - done, 2 ** 30);
          done += writeSync(handle, bytes, done, length, offset + done);
        }
      }),
    read: (offset, length) => explainedSync(folder, () => readSyncRange(handle!, offset, length)),
    close() {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
    },
  };
}
