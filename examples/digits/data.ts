import { join } from 'node:path';
import { openDataset } from '../../engine/data/open.ts';
import { nodeHost } from '../../engine/env/node/host.ts';

/** 8×8 images with values from 0 to 1, one after the other, and the digit that each shows. */
export interface Digits {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** One part of `splits.json`, or, without a part, all 1,797 digits; read just as `digits.qspec` has them read. */
export async function loadDigits(part?: string): Promise<Digits> {
  const folder = import.meta.dirname;
  const source = {
    name: part ?? 'all',
    kind: 'npz',
    path: join(folder, 'digits.npz'),
    array: 'x',
    input: 'image',
    labels: { kind: 'array', array: 'y', offset: 0 },
    scale: 1 / 16,
    seed: 0,
  } as const;
  const split = part === undefined ? {} : { split: { path: join(folder, 'splits.json'), part } };
  const dataset = await openDataset({ ...source, ...split }, nodeHost());
  const images = new Float32Array(dataset.length * 64);
  for (let index = 0; index < dataset.length; index++) {
    const sample = await dataset.sample(index);
    images.set(sample.get('image')!.data as Float32Array, index * 64);
  }
  return { images, labels: dataset.labels! };
}
