import type { Host, PendingFile } from '../engine/host.ts';

/**
 * A host whose machine dies (SIGKILL to the own process) at one moment of its writing. Moments are counted from 0: one
 * before and one after every operation that changes the disk, and one in the middle of every write. With a moment that
 * is never reached the work ends as always; `moments()` then tells how many there were.
 *
 * For child processes of tests: whatever takes a `Host` can be killed at every point of its output, the command line
 * included.
 */
export function dyingHost(host: Host, moment: number): Host & { moments(): number } {
  let passed = 0;
  const maybeDie = () => {
    if (passed++ === moment) process.kill(process.pid, 'SIGKILL');
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    maybeDie();
    const result = await work();
    maybeDie();
    return result;
  };
  const pending = (file: PendingFile): PendingFile => ({
    write: (bytes) =>
      around(async () => {
        const middle = bytes.length >> 1;
        await file.write(bytes.subarray(0, middle));
        maybeDie();
        await file.write(bytes.subarray(middle));
      }),
    rename: (name) => file.rename(name),
    commit: () => around(() => file.commit()),
    discard: () => around(() => file.discard()),
  });
  return {
    ...host,
    createFolder: (path) => around(() => host.createFolder(path)),
    replace: async (path) => pending(await around(() => host.replace(path))),
    remove: (path) => around(() => host.remove(path)),
    moments: () => passed,
  };
}
