import { fail } from '../findings.ts';
import { crc32 } from './crc32.ts';
import { mostPixels } from './image-steps.ts';
import { inflateZlib } from './inflate.ts';
import type { Pixels } from './pixels.ts';

/** PNG (ISO/IEC 15948), decoded as far as a network needs it: 8-bit gray or RGB. */
interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

const samplesPerPixel: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Most bytes of unpacked rows: 64 megapixels of RGB. */
const mostRawBytes = 200 * 1024 * 1024;

/** Adam7: first column, first row, and the steps of each of the seven passes. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * All colour types, bit depths and interlacing. Gray of 1, 2 and 4 bits is spread over 0 to 255; of 16 bits the high
 * byte counts (as in Pillow for colour; Pillow cuts 16-bit *gray* off at 255, which destroys the image and is not
 * followed); alpha is dropped; an index beyond the palette is black.
 */
export function decodePng(bytes: Uint8Array, name: string): Pixels<Uint8Array> {
  const broken = (what: string): never =>
    fail('data/png', `"${name}" is a damaged PNG: ${what}.`, { fix: 'Fetch or write the image again.' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  let palette: Uint8Array | undefined;
  const pieces: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 12 + length;
    if (end > bytes.length) broken('it ends early');
    const critical = type === 'IHDR' || type === 'PLTE' || type === 'IDAT';
    if (critical && crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
      broken(`the checksum of ${type} is wrong`);
    const content = bytes.subarray(at + 8, end - 4);
    if (type === 'IHDR') header ??= parseHeader(content, name, broken);
    else if (type === 'PLTE') palette ??= content;
    else if (type === 'IDAT') pieces.push(content);
    else if (type === 'IEND') break;
    else if (/^[A-Z]/.test(type)) broken(`it needs the unknown chunk ${type}`);
    at = end;
  }
  if (header === undefined) return broken('it has no header');
  if (header.colour === 3 && palette === undefined) broken('it has no palette');

  const bitsPerPixel = samplesPerPixel[header.colour]! * header.depth;
  const passes = header.interlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  const sizes = passes.map(([x0, y0, dx, dy]) => {
    const width = Math.max(0, Math.ceil((header.width - x0) / dx));
    const height = Math.max(0, Math.ceil((header.height - y0) / dy));
    const stride = Math.ceil((width * bitsPerPixel) / 8);
    return { x0, y0, dx, dy, width, height, stride, size: width === 0 ? 0 : height * (stride + 1) };
  });
  const total = sizes.reduce((sum, { size }) => sum + size, 0);
  const compressed = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (total > compressed * 1032) broken('it ends early');
  if (total > mostRawBytes) {
    fail('data/too-large', `"${name}" holds ${total} bytes of pixels.`, { why: `At most ${mostRawBytes} are read.` });
  }
  const raw = inflateZlib(pieces, total) ?? broken('its pixels end early');

  const channels = header.colour === 0 || header.colour === 4 ? 1 : 3;
  const out = new Uint8Array(header.width * header.height * channels);
  const emit = pixelWriter(header, palette, out, channels);
  let at = 0;
  for (const pass of sizes) {
    if (pass.size === 0) continue;
    const rows = raw.subarray(at, at + pass.size);
    at += pass.size;
    unfilter(rows, pass.stride, pass.height, Math.max(1, bitsPerPixel >> 3), broken);
    for (let y = 0; y < pass.height; y++) {
      const row = rows.subarray(y * (pass.stride + 1) + 1, (y + 1) * (pass.stride + 1));
      emit(row, pass.width, (pass.y0 + y * pass.dy) * header.width + pass.x0, pass.dx);
    }
  }
  return { width: header.width, height: header.height, channels, data: out };
}

function parseHeader(content: Uint8Array, name: string, broken: (what: string) => never): PngHeader {
  if (content.length !== 13) broken('its header has the wrong length');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = content.subarray(8) as unknown as number[];
  if (width === 0 || height === 0) broken(`it is ${width}x${height} pixels`);
  if (width * height > mostPixels) {
    fail('data/too-large', `"${name}" has ${width}x${height} pixels.`, { why: `At most ${mostPixels} are read.` });
  }
  if (!depthsOf[colour!]?.includes(depth!)) broken(`it has colour type ${colour} with ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlace! > 1) broken('its header names unknown methods');
  return { width, height, depth: depth!, colour: colour!, interlaced: interlace === 1 };
}

/** Undoes the row filters in place; each row begins with the number of its filter. */
function unfilter(
  rows: Uint8Array,
  stride: number,
  height: number,
  unit: number,
  broken: (what: string) => never,
): void {
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1) + 1;
    const above = start - stride - 1;
    const filter = rows[start - 1]!;
    if (filter > 4) broken(`row ${y} has the filter ${filter}`);
    if (filter === 0) continue;
    for (let i = 0; i < stride; i++) {
      const a = i >= unit ? rows[start + i - unit]! : 0;
      const b = y > 0 ? rows[above + i]! : 0;
      const c = y > 0 && i >= unit ? rows[above + i - unit]! : 0;
      const predicted = filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
      rows[start + i] = rows[start + i]! + predicted;
    }
  }
}

function paeth(a: number, b: number, c: number): number {
  const pa = Math.abs(b - c);
  const pb = Math.abs(a - c);
  const pc = Math.abs(a + b - 2 * c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Writes the pixels of an unfiltered row to `first`, `first + step`, … of the image. */
function pixelWriter(
  { depth, colour }: PngHeader,
  palette: Uint8Array | undefined,
  out: Uint8Array,
  channels: number,
): (row: Uint8Array, width: number, first: number, step: number) => void {
  if (depth >= 8) {
    const bytesPerSample = depth >> 3;
    const unit = samplesPerPixel[colour]! * bytesPerSample;
    return (row, width, first, step) => {
      for (let x = 0, at = 0, o = first * channels; x < width; x++, at += unit, o += step * channels) {
        if (colour === 3) putIndexed(out, o, palette!, row[at]!);
        else for (let k = 0; k < channels; k++) out[o + k] = row[at + k * bytesPerSample]!;
      }
    };
  }
  const highest = (1 << depth) - 1;
  const spread = 255 / highest;
  return (row, width, first, step) => {
    for (let x = 0, o = first * channels; x < width; x++, o += step * channels) {
      const bit = x * depth;
      const value = (row[bit >> 3]! >> (8 - depth - (bit & 7))) & highest;
      if (colour === 3) putIndexed(out, o, palette!, value);
      else out[o] = value * spread;
    }
  };
}

function putIndexed(out: Uint8Array, at: number, palette: Uint8Array, index: number): void {
  for (let k = 0; k < 3; k++) out[at + k] = palette[index * 3 + k] ?? 0;
}
