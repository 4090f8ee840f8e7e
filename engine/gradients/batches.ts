import { elementCount, type Tensor } from '../tensor.ts';

/** Multiplications of a forward run of a batch, and samples of it at most. */
const [batchProducts, mostSamples] = [32e6, 16];

/** Samples of a batch. @param products multiplications of a forward run of one sample @param most samples that there are */
export function batchSize(products: number, most: number): number {
  return Math.max(1, Math.min(mostSamples, most, Math.floor(batchProducts / products)));
}

/** Samples of [1, C, …] as one [C, N, …]. */
export function channelsFirst(samples: readonly Tensor[]): Float32Array {
  const { dims, data } = samples[0]!;
  const channels = dims[1] ?? 1;
  const places = elementCount(dims) / channels;
  const out = new Float32Array((data as Float32Array).length * samples.length);
  for (const [n, { data }] of samples.entries())
    for (let channel = 0; channel < channels; channel++)
      out.set(
        (data as Float32Array).subarray(channel * places, (channel + 1) * places),
        (channel * samples.length + n) * places,
      );
  return out;
}
