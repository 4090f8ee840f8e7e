import { fail } from '../findings.ts';
import { type ByteSource, sliceSource } from './bytes.ts';
import { inflatedSource } from './inflate.ts';

/** One file inside a ZIP archive (APPNOTE 6.3.10). */
export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked, as declared; reading checks them. */
  readonly size: number;
  readonly crc: number;
  /**
   * Its unpacked bytes.
   * @param held largest size that is unpacked whole; 0 to look at the beginning only
   */
  open(held?: number): Promise<ByteSource>;
}

const endSize = 22;
const end64LocatorSize = 20;
const directoryLimit = 64 * 1024 * 1024;

/**
 * Reads the directory of an archive without reading the archive: entries stored or deflated, ZIP64. Names are never
 * used as paths.
 */
export async function openZip(source: ByteSource, name: string): Promise<ReadonlyMap<string, ZipEntry>> {
  const broken = (what: string): never =>
    fail('data/zip', `"${name}" is not a readable zip archive: ${what}.`, {
      fix: 'The file is damaged or of another kind: write it again (numpy.savez).',
    });
  const directory = await findDirectory(source, broken);
  if (directory.offset + directory.size > source.size) broken('its directory lies outside the file');
  if (directory.size > directoryLimit) broken('its directory is too large');
  const bytes = await source.read(directory.offset, directory.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) broken('its directory is cut off');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) broken('its directory is cut off');
    const extra = readZip64(view, at, at + 46 + nameLength, extraLength);
    const entryName = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const entry = {
      name: entryName,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      ...extra,
    };
    entries.set(entryName, {
      name: entryName,
      size: entry.size,
      crc: entry.crc,
      open: (held) => openEntry(source, entry, broken, held),
    });
    at = next;
  }
  return entries;
}

interface EntryHeader {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

async function openEntry(
  source: ByteSource,
  entry: EntryHeader,
  broken: (what: string) => never,
  held: number | undefined,
): Promise<ByteSource> {
  if (entry.flags & 1) broken(`"${entry.name}" is encrypted`);
  if (entry.headerOffset + 30 > source.size) broken(`"${entry.name}" lies outside the file`);
  const header = await source.read(entry.headerOffset, 30);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== 0x04034b50) broken(`"${entry.name}" has no header`);
  const start = entry.headerOffset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.compressedSize > source.size) broken(`"${entry.name}" lies outside the file`);
  const compressed = sliceSource(source, start, entry.compressedSize);
  if (entry.method === 0) {
    if (entry.size !== entry.compressedSize) broken(`"${entry.name}" declares two sizes`);
    return compressed;
  }
  if (entry.method === 8) return inflatedSource(compressed, entry.size, entry.crc, held);
  return broken(`"${entry.name}" uses compression method ${entry.method}; stored and deflate are read`);
}

async function findDirectory(
  source: ByteSource,
  broken: (what: string) => never,
): Promise<{ offset: number; size: number; count: number }> {
  if (source.size < endSize) broken('it is too short');
  const tailSize = Math.min(source.size, endSize + 0xffff);
  const tail = await source.read(source.size - tailSize, tailSize);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tailSize - endSize;
  while (at >= 0 && view.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) broken('it has no end record');
  const count = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (count !== 0xffff && size !== 0xffffffff && offset !== 0xffffffff) return { offset, size, count };

  const locator = at - end64LocatorSize;
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return { offset, size, count };
  const recordOffset = readUint64(view, locator + 8);
  if (recordOffset + 56 > source.size) broken('its ZIP64 record lies outside the file');
  const record = await source.read(recordOffset, 56);
  const recordView = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (recordView.getUint32(0, true) !== 0x06064b50) broken('its ZIP64 record is missing');
  return {
    count: readUint64(recordView, 32),
    size: readUint64(recordView, 40),
    offset: readUint64(recordView, 48),
  };
}

/** Sizes and offset of a directory entry, from the ZIP64 extra field where the 32-bit fields are all ones. */
function readZip64(
  view: DataView,
  entry: number,
  extraStart: number,
  extraLength: number,
): { compressedSize: number; size: number; headerOffset: number } {
  let compressedSize = view.getUint32(entry + 20, true);
  let size = view.getUint32(entry + 24, true);
  let headerOffset = view.getUint32(entry + 42, true);
  let at = extraStart;
  const end = extraStart + extraLength;
  while (at + 4 <= end) {
    const fieldEnd = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && fieldEnd <= end) {
      let field = at + 4;
      const take = (current: number) => {
        if (current !== 0xffffffff || field + 8 > fieldEnd) return current;
        field += 8;
        return readUint64(view, field - 8);
      };
      size = take(size);
      compressedSize = take(compressedSize);
      headerOffset = take(headerOffset);
    }
    at = fieldEnd;
  }
  return { compressedSize, size, headerOffset };
}

/** Values beyond 2⁵³ become larger than any file and fail the bounds that follow. */
function readUint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
