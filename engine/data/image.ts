import { fail } from '../findings.ts';
import type { Tensor } from '../tensor.ts';
import { decodeBmp } from './bmp.ts';
import { decodeJpeg } from './jpeg/decode.ts';
import type { Pixels } from './pixels.ts';
import { decodePng } from './png.ts';
import { decodePnm } from './pnm.ts';

/** One image format: a file and a line here. Decoders give 1 (gray) or 3 (RGB) channels of 8 bits. */
interface ImageFormat {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly signature: readonly number[];
  readonly decode: (bytes: Uint8Array, name: string) => Pixels<Uint8Array>;
}

export const imageFormats: readonly ImageFormat[] = [
  {
    name: 'JPEG',
    extensions: ['jpg', 'jpeg', 'jpe', 'jfif'],
    signature: [0xff, 0xd8, 0xff],
    decode: decodeJpeg,
  },
  {
    name: 'PNG',
    extensions: ['png'],
    signature: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    decode: decodePng,
  },
  { name: 'BMP', extensions: ['bmp'], signature: [0x42, 0x4d], decode: decodeBmp },
  ...[2, 3, 5, 6].map(
    (kind): ImageFormat => ({
      name: `PNM (P${kind})`,
      extensions: kind % 3 === 2 ? ['pgm', 'pnm'] : ['ppm', 'pnm'],
      signature: [0x50, 0x30 + kind],
      decode: decodePnm,
    }),
  ),
];

/**
 * An image file as height × width × channels of uint8, 1 channel for gray and 3 for everything else, as Pillow's
 * `Image.open(f).convert('RGB')` gives it: alpha dropped, palettes resolved, 16 bits cut to 8, CMYK converted,
 * orientation tags and colour profiles ignored. The format is told by the first bytes, not by the name.
 */
export function decodeImage(bytes: Uint8Array, name: string): Tensor {
  const format = imageFormats.find(({ signature }) => signature.every((byte, i) => bytes[i] === byte));
  if (format === undefined) {
    fail('data/image-format', `"${name}" is no image that QSpec reads.`, {
      why: `It is neither ${imageFormats.map((known) => known.name).join(' nor ')}.`,
      fix: 'Convert it to PNG.',
    });
  }
  const { height, width, channels, data } = format.decode(bytes, name);
  return { dtype: 'uint8', dims: [height, width, channels], data };
}
