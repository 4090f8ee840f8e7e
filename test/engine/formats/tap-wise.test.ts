import { describe, expect, it } from 'vitest';
import { type Granularity, partitionOf } from '../../../engine/formats/granularity.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { noise } from '../quantize/small.ts';

/**
 * METHODS B17: scales per position in the Winograd domain, F(4×4, 3×3), 32 → 32 channels, Gaussian weights, rectified Gaussian
 * inputs. The transforms are the paper's; what is tested is the granularity `per-tap` on transformed weights and inputs.
 */
const channels = 32;
const tiles = 12;
const inputTransform = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const weightTransform = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const outputTransform = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

type Matrix = readonly (readonly number[])[];
const product = (a: Matrix, b: Matrix) =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
const transposed = (a: Matrix) => a[0]!.map((_, j) => a.map((row) => row[j]!));
const sandwich = (t: Matrix, x: Matrix) => product(product(t, x), transposed(t));
const square = (values: ArrayLike<number>, from: number, side: number) =>
  Array.from({ length: side }, (_, i) => Array.from({ length: side }, (_, j) => values[from + i * side + j]!));

function gaussian(seed: number, count: number): Float32Array {
  const next = noise(seed);
  // Sums of twelve uniform numbers of variance 1/3: near enough, and the same everywhere.
  return Float32Array.from(
    { length: count },
    () => Array.from({ length: 12 }, next).reduce((sum, x) => sum + x, 0) / 2,
  );
}

const weights = gaussian(1, channels * channels * 9);
const inputs = gaussian(2, tiles * channels * 36).map((x) => Math.max(x, 0));
const transform = (values: Float32Array, side: number, t: Matrix) =>
  Float32Array.from(
    Array.from({ length: values.length / side ** 2 }, (_, i) =>
      sandwich(t, square(values, i * side ** 2, side)).flat(),
    ).flat(),
  );
const u = transform(weights, 3, weightTransform);
const v = transform(inputs, 6, inputTransform);

/** Outputs of all tiles, [tile, channel, 4, 4], by products in the Winograd domain. */
function convolved(own: Float32Array, data: Float32Array): Float64Array {
  const out = new Float64Array(tiles * channels * 16);
  for (let tile = 0; tile < tiles; tile++) {
    for (let o = 0; o < channels; o++) {
      const sums = new Float64Array(36);
      for (let i = 0; i < channels; i++)
        for (let tap = 0; tap < 36; tap++)
          sums[tap]! += own[(o * channels + i) * 36 + tap]! * data[(tile * channels + i) * 36 + tap]!;
      out.set(sandwich(outputTransform, square(sums, 0, 6)).flat(), (tile * channels + o) * 16);
    }
  }
  return out;
}

function direct(): Float64Array {
  const out = new Float64Array(tiles * channels * 16);
  for (let tile = 0; tile < tiles; tile++)
    for (let o = 0; o < channels; o++)
      for (let at = 0; at < 16; at++)
        for (let i = 0; i < channels; i++)
          for (let k = 0; k < 9; k++) {
            const [y, x] = [Math.floor(at / 4) + Math.floor(k / 3), (at % 4) + (k % 3)];
            out[(tile * channels + o) * 16 + at]! +=
              weights[(o * channels + i) * 9 + k]! * inputs[(tile * channels + i) * 36 + y * 6 + x]!;
          }
  return out;
}

/** What the codes of a tensor [n, channels, 6, 6] stand for. */
function rounded(values: Float32Array, bits: number, granularity: Granularity, scale?: string): Float32Array {
  const format = formatNamed(`int${bits}`);
  const dims = [values.length / channels / 36, channels, 6, 6];
  const range = [-format.high, format.high] as const;
  const { blocks } = partitionOf(granularity, dims, 0);
  const solved = roundToNearest.quantize(
    {
      values,
      dims,
      outputAxis: 0,
      ...(blocks !== undefined && { blocks }),
      format,
      scheme: 'symmetric',
      range,
      ...(scale !== undefined && { scale }),
      observer: { name: 'min-max', arguments: {} },
      leastScale: () => 0,
    },
    {},
  );
  return decodeTensor(solved.codes, dims, {
    ...solved,
    range,
    format: format.name,
    ...(blocks !== undefined && { blocks }),
  });
}

const exact = direct();
function decibels(found: Float64Array): number {
  let [signal, error] = [0, 0];
  for (const [i, x] of exact.entries()) {
    signal += x * x;
    error += (x - found[i]!) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe('scales per tap in the Winograd domain', () => {
  it('transforms of floats give the convolution', () => {
    expect(decibels(convolved(u, v))).toBeGreaterThan(110);
  });

  it.each([
    [8, -1.8, 19.4, 16.9],
    [9, 4.3, 25.5, 22.9],
    [10, 10.4, 31.5, 29.0],
  ])('%i bits: %d dB with one scale a layer, %d per tap, %d per tap in powers of two', (bits, layer, tap, power) => {
    const measured = (granularity: Granularity, scale?: string) =>
      decibels(convolved(rounded(u, bits, granularity, scale), rounded(v, bits, granularity, scale)));
    // Maxima of few samples decide the scales: within two decibels of what METHODS computed from others.
    expect(Math.abs(measured('per-tensor') - layer)).toBeLessThan(2);
    expect(Math.abs(measured('per-tap') - tap)).toBeLessThan(2);
    expect(Math.abs(measured('per-tap', 'power-of-two-scale') - power)).toBeLessThan(2);
  });
});
