import { describe, expect, it } from 'vitest';
import { channelStep, cropStep, resizedSize } from '../../../engine/data/image-steps.ts';
import type { Pixels } from '../../../engine/data/pixels.ts';
import { type ResizeFilter, resizePixels } from '../../../engine/data/resample.ts';
import type { DataSource } from '../../../engine/plan.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { goldenArrays, largestDifference } from './support/goldens.ts';

const resized = await goldenArrays('resize.npz');
const cropped = await goldenArrays('crop.npz');

function pixelsOf(tensor: Tensor): Pixels {
  const [height, width, channels] = tensor.dims as [number, number, number];
  return { width, height, channels, data: tensor.data as Uint8Array | Float32Array };
}

const cases = [...resized.keys()].filter((key) => key.includes('.'));

describe('resizing as Pillow does it', () => {
  it('covers five filters, up and down, and odd sizes', () => {
    expect(cases.length).toBe(4 * 5 * 6);
  });

  it.each(cases.filter((key) => !key.startsWith('float')))('%s: the same 8-bit pixels', (key) => {
    const [input, filter, size] = key.split('.') as [string, ResizeFilter, string];
    const [width, height] = size.split('x').map(Number) as [number, number];
    const got = resizePixels(pixelsOf(resized.get(input)!), width, height, filter);
    expect(largestDifference(got.data, resized.get(key)!.data as Uint8Array)).toBe(0);
  });

  it.each(cases.filter((key) => key.startsWith('float')))('%s: the same floats within rounding', (key) => {
    const [input, filter, size] = key.split('.') as [string, ResizeFilter, string];
    const [width, height] = size.split('x').map(Number) as [number, number];
    const got = resizePixels(pixelsOf(resized.get(input)!), width, height, filter);
    expect(largestDifference(got.data, resized.get(key)!.data as Float32Array)).toBeLessThan(2e-6);
  });

  it('leaves an image of the right size alone', () => {
    const image = pixelsOf(resized.get('rgb13x11')!);
    expect(resizePixels(image, 13, 11, 'lanczos')).toBe(image);
  });
});

describe('the size after resize', () => {
  const shortest = (size: number, width: number, height: number) =>
    Object.values(resizedSize({ kind: 'shortest', size }, width, height));

  it('brings the shortest side to the number and cuts the other off, as torchvision does', () => {
    expect(shortest(256, 500, 375)).toEqual([341, 256]);
    expect(shortest(256, 375, 500)).toEqual([256, 341]);
    expect(shortest(256, 300, 300)).toEqual([256, 256]);
    expect(shortest(10, 3, 2)).toEqual([15, 10]);
  });

  it('takes width before height when both are given', () => {
    expect(resizedSize({ kind: 'exact', width: 320, height: 240 }, 5, 7)).toEqual({ width: 320, height: 240 });
  });
});

describe('centre crop as torchvision does it', () => {
  const source = (width: number, height: number): DataSource => ({
    name: 'x',
    kind: 'images',
    path: '/x',
    seed: 0,
    crop: { width, height },
  });
  it.each([...cropped.keys()].filter((key) => /^\d/.test(key)))('9x6 to %s', (key) => {
    const [width, height] = key.split('x').map(Number) as [number, number];
    const got = cropStep(pixelsOf(cropped.get('input')!), source(width, height));
    expect([got.width, got.height]).toEqual([width, height]);
    expect(largestDifference(got.data, cropped.get(key)!.data as Uint8Array)).toBe(0);
  });
});

describe('channels', () => {
  const image = pixelsOf(cropped.get('input')!);
  const twoPixels: Pixels = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const gray: Pixels = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 9) };

  it('gray is the luma of Pillow', () => {
    expect(channelStep(image, 'gray', 'x').data).toEqual(cropped.get('gray')!.data);
  });

  it('bgr turns the order round, rgb keeps it', () => {
    expect([...channelStep(twoPixels, 'bgr', 'x').data]).toEqual([3, 2, 1, 6, 5, 4]);
    expect(channelStep(twoPixels, 'rgb', 'x')).toBe(twoPixels);
  });

  it('a gray image becomes three equal channels', () => {
    expect([...channelStep(gray, 'rgb', 'x').data]).toEqual([7, 7, 7, 9, 9, 9]);
    expect([...channelStep(gray, 'bgr', 'x').data]).toEqual([7, 7, 7, 9, 9, 9]);
    expect(channelStep(gray, 'gray', 'x')).toBe(gray);
  });
});
