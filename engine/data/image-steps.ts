import { fail } from '../findings.ts';
import type { DataSource } from '../plan.ts';
import { newPixels, type Pixels } from './pixels.ts';
import { resizePixels } from './resample.ts';

/** Most pixels an image may have, stored or resized. */
export const mostPixels = 64 * 1024 * 1024;

/** Size after `resize`: torchvision's rule for the shortest side, int(size · long / short) for the other. */
export function resizedSize(
  resize: NonNullable<DataSource['resize']>,
  width: number,
  height: number,
): { width: number; height: number } {
  if (resize.kind === 'exact') return { width: resize.width, height: resize.height };
  const { size } = resize;
  return width <= height
    ? { width: size, height: Math.trunc((size * height) / width) }
    : { width: Math.trunc((size * width) / height), height: size };
}

export function resizeStep<T extends Uint8Array | Float32Array>(image: Pixels<T>, source: DataSource): Pixels<T> {
  if (source.resize === undefined) return image;
  const { width, height } = resizedSize(source.resize, image.width, image.height);
  if (!(width >= 1 && height >= 1 && width * height <= mostPixels)) {
    fail('data/resize', `Resizing ${image.width}x${image.height} would give ${width}x${height} pixels.`, {
      ...(source.range && { range: source.range }),
    });
  }
  return resizePixels(image, width, height, source.filter ?? 'bilinear');
}

/** The middle of the image by torchvision's CenterCrop: an offset of half rounds to even, missing borders are black. */
export function cropStep<T extends Uint8Array | Float32Array>(image: Pixels<T>, source: DataSource): Pixels<T> {
  if (source.crop === undefined) return image;
  const { width, height } = source.crop;
  if (!(width >= 1 && height >= 1 && width * height <= mostPixels)) {
    fail('data/crop', `A crop of ${width}x${height} pixels is not possible.`, {
      ...(source.range && { range: source.range }),
    });
  }
  // One of the two is positive at most: torchvision pads first ((crop - size) / 2 rounded down before the image),
  // then crops (round((size - crop) / 2), half to even).
  const left = width > image.width ? -Math.floor((width - image.width) / 2) : halfToEven(image.width - width);
  const top = height > image.height ? -Math.floor((height - image.height) / 2) : halfToEven(image.height - height);
  if (left === 0 && top === 0 && width === image.width && height === image.height) return image;
  const { channels } = image;
  const result = newPixels(image.data, width, height, channels);
  const fromX = Math.max(0, left);
  const length = Math.min(image.width - fromX, width) * channels;
  for (let y = Math.max(0, -top); y < height && y + top < image.height; y++) {
    const start = ((y + top) * image.width + fromX) * channels;
    result.data.set(image.data.subarray(start, start + length), (y * width + Math.max(0, -left)) * channels);
  }
  return result;
}

/** Python's round(difference / 2). */
function halfToEven(difference: number): number {
  if (difference % 2 === 0) return difference / 2;
  const floor = Math.floor(difference / 2);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * `rgb` (also what images are without a word), `bgr`, or `gray` by Pillow's luma (ITU-R 601-2 in 16-bit fixed point
 * for 8-bit images). A gray image becomes three equal channels for `rgb` and `bgr`.
 */
export function channelStep<T extends Uint8Array | Float32Array>(
  image: Pixels<T>,
  wanted: 'rgb' | 'bgr' | 'gray',
  name: string,
): Pixels<T> {
  const { channels, width, height, data } = image;
  if (channels !== 1 && channels !== 3) {
    fail('data/channels', `${name} has ${channels} channels; channels ${wanted} works on 1 or 3.`);
  }
  if (channels === (wanted === 'gray' ? 1 : 3) && wanted !== 'bgr') return image;
  const count = width * height;
  const result = newPixels(data, width, height, wanted === 'gray' ? 1 : 3);
  const out = result.data;
  if (wanted === 'gray') {
    const exact = data instanceof Uint8Array;
    for (let i = 0, at = 0; i < count; i++, at += 3) {
      const luma = data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471;
      out[i] = exact ? (luma + 0x8000) >> 16 : luma / 65536;
    }
    return result;
  }
  for (let i = 0, o = 0, at = 0; i < count; i++, o += 3, at += channels) {
    out[o] = data[at + (channels === 3 ? 2 : 0)]!;
    out[o + 1] = data[at + (channels === 3 ? 1 : 0)]!;
    out[o + 2] = data[at]!;
  }
  return result;
}
