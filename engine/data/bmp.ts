import { fail } from '../findings.ts';
import { mostPixels } from './image-steps.ts';
import type { Pixels } from './pixels.ts';

/**
 * Windows bitmaps without compression: 24 and 32 bits a pixel (the fourth byte is dropped), or a palette of 1, 4 or 8
 * bits; rows from the bottom up or, with a negative height, from the top down. Always three channels.
 */
export function decodeBmp(bytes: Uint8Array, name: string): Pixels<Uint8Array> {
  const broken = (what: string): never =>
    fail('data/bmp', `"${name}" is a BMP that cannot be read: ${what}.`, { fix: 'Convert it to PNG.' });
  if (bytes.length < 54) broken('it ends early');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, headerBytes] = [view.getUint32(10, true), view.getUint32(14, true)];
  if (headerBytes < 40) broken('its header is older than Windows 3');
  const [width, signedHeight] = [view.getInt32(18, true), view.getInt32(22, true)];
  const height = Math.abs(signedHeight);
  const [bits, compression] = [view.getUint16(28, true), view.getUint32(30, true)];
  if (!(width > 0 && height > 0)) broken(`it is ${width}x${height} pixels`);
  if (width * height > mostPixels)
    fail('data/too-large', `"${name}" has ${width}x${height} pixels.`, { why: `At most ${mostPixels} are read.` });
  if (compression !== 0) broken('it is compressed');
  if (![1, 4, 8, 24, 32].includes(bits)) broken(`it has ${bits} bits a pixel`);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) broken('it ends early');
  const palette = bytes.subarray(14 + headerBytes, start);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = bytes.subarray(start + (signedHeight < 0 ? y : height - 1 - y) * stride);
    for (let x = 0; x < width; x++) {
      const indexed = bits <= 8;
      const at = indexed ? 4 * bitsAt(row, x, bits) : (x * bits) / 8;
      const from = indexed ? palette : row;
      // Stored as blue, green, red; an index beyond the palette is black.
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = from[at + 2 - c] ?? 0;
    }
  }
  return { width, height, channels: 3, data };
}

/** The x-th number of 1, 4 or 8 bits, highest bits first. */
function bitsAt(row: Uint8Array, x: number, bits: number): number {
  const bit = x * bits;
  return (row[bit >> 3]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
}
