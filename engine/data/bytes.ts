import { fail } from '../findings.ts';
import type { Host } from '../host.ts';

/** Bytes that are fetched when they are asked for. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `[offset, offset + length)`; a finding when the source ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A file without range reads is held whole; above this a finding says so. */
const wholeFileLimit = 512 * 1024 * 1024;

/** Opens a file for range reads; `what` names it in findings. */
export async function openFile(host: Host, path: string, what = 'The data file'): Promise<ByteSource> {
  const stat = await host.stat(path);
  if (stat === undefined) {
    fail('data/missing-file', `${what} "${path}" does not exist.`, {
      fix: 'Correct the path; paths in a spec are relative to the spec.',
    });
  }
  if (stat.isDirectory) fail('data/not-a-file', `${what} "${path}" is a folder.`);
  const truncated = (): never =>
    fail('data/truncated', `"${path}" ends early.`, { fix: 'The file is damaged or incomplete: fetch it again.' });
  if (!host.capabilities.rangeReads) {
    if (stat.size > wholeFileLimit) {
      fail('data/too-large', `"${path}" has ${stat.size} bytes and this host cannot read files in parts.`, {
        fix: 'Use the desktop editor or the command line, or a smaller data file.',
      });
    }
    const whole = await host.readFile(path);
    return memorySource(whole, truncated);
  }
  // Without a promise for each call of the operating system, where the host has it.
  const read = await host.rangeReader?.(path);
  return blockwise(stat.size, truncated, async (offset, length) => {
    const bytes = read?.(offset, length) ?? (await host.readRange(path, offset, length));
    if (bytes.length !== length) truncated();
    return bytes;
  });
}

/** Bytes that are read at once where many small reads follow each other. */
const blockBytes = 2 ** 16;
const smallRead = blockBytes / 16;
/** Reads in a row, or with small gaps (a sample of the data is taken), after which the next is taken to follow too. */
const inARow = 16;

/**
 * Small samples that are read one after the other come out of one block: each read of a file costs several calls of the
 * operating system, and there may be hundreds of thousands. Reads that jump about are passed on as they are.
 */
function blockwise(size: number, truncated: () => never, readRange: ByteSource['read']): ByteSource {
  let expected = -1;
  let following = 0;
  let block: { readonly start: number; readonly bytes: Promise<Uint8Array> } | undefined;
  return {
    size,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size) truncated();
      if (length === 0) return new Uint8Array(0);
      const skipped = offset - expected;
      following = skipped >= 0 && skipped <= smallRead ? following + 1 : 0;
      expected = offset + length;
      if (block !== undefined && offset >= block.start && expected <= Math.min(block.start + blockBytes, size)) {
        return (await block.bytes).subarray(offset - block.start, expected - block.start);
      }
      if (following < inARow || length > smallRead) return readRange(offset, length);
      const next = { start: offset, bytes: readRange(offset, Math.min(blockBytes, size - offset)) };
      block = next;
      try {
        return (await next.bytes).subarray(0, length);
      } catch (error) {
        block = undefined;
        throw error;
      }
    },
  };
}

export function memorySource(
  bytes: Uint8Array,
  truncated: () => never = () => fail('data/truncated', 'The data end early.'),
): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.length) truncated();
      return bytes.subarray(offset, offset + length);
    },
  };
}

export function sliceSource(source: ByteSource, start: number, size: number): ByteSource {
  return {
    size,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size) fail('data/truncated', 'The data end early.');
      return source.read(start + offset, length);
    },
  };
}
