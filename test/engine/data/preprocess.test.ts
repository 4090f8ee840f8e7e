import { describe, expect, it } from 'vitest';
import { compilePreprocessing } from '../../../engine/data/preprocess.ts';
import { bitsOfNumber, numberOfBits } from '../../../engine/numbers.ts';
import type { DataSource } from '../../../engine/plan.ts';
import type { DataType, Dimension, Tensor } from '../../../engine/tensor.ts';
import { findingOf } from './support/findings.ts';
import { bytes, counting, dataSource, floats } from './support/sources.ts';

function run(
  sample: Tensor,
  fields: Partial<DataSource>,
  dims?: readonly Dimension[],
  dtype: DataType = 'float32',
  images = false,
): Tensor {
  const input = dims && { name: 'x', type: { dtype, dims } };
  return compilePreprocessing(dataSource(fields), images, input)(sample, 'x[0]');
}

const nhwcToNchw = { layout: { from: 'nhwc', to: 'nchw' } };
/** 2 × 2 pixels, three channels: red 0 to 3, green 10 to 13, blue 20 to 23. */
const image = bytes([2, 2, 3], [0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23]);

describe('numbers', () => {
  it('are (x · scale − mean) / std', () => {
    const got = run(floats([2], [10, 20]), { scale: 0.5, mean: [1], std: [4] }, ['N', 2]);
    expect(got).toEqual(floats([1, 2], [1, 2.25]));
  });

  it('take mean and std by channel, whichever dimension that is', () => {
    const fields = { mean: [0, 10, 20], std: [1, 2, 4] };
    const planes = [0, 1, 2, 3, 0, 0.5, 1, 1.5, 0, 0.25, 0.5, 0.75];
    expect(run(image, { ...fields, ...nhwcToNchw }, ['N', 3, 2, 2])).toEqual(floats([1, 3, 2, 2], planes));
    const stored = bytes([3, 2, 2], [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);
    expect(run(stored, { ...fields, layout: { from: 'nchw', to: 'nchw' } }, ['N', 3, 2, 2])).toEqual(
      floats([1, 3, 2, 2], planes),
    );
  });

  it('restore int8 features by their scale and zero point: (q − 83) · 0.5847029', () => {
    const features: Tensor = { dtype: 'int8', dims: [3], data: Int8Array.of(-128, 83, 127) };
    const got = run(features, { scale: 0.5847029, mean: [48.5303407] }, [1, 3]);
    const want = [-128, 83, 127].map((q) => Math.fround((q - 83) * 0.5847029));
    for (const [i, value] of want.entries()) expect(got.data[i]).toBeCloseTo(value, 5);
  });

  it('are computed in double precision and rounded once', () => {
    const got = run(bytes([1], [255]), { scale: 1 / 255, mean: [0.485], std: [0.229] }, [1, 1]);
    expect(got.data[0]).toBe(Math.fround((1 - 0.485) / 0.229));
  });

  it('come from every stored type', () => {
    const values: Tensor[] = [
      { dtype: 'int64', dims: [1], data: BigInt64Array.of(-3n) },
      { dtype: 'uint16', dims: [1], data: Uint16Array.of(60000) },
      { dtype: 'float16', dims: [1], data: Uint16Array.of(0x3e00) },
      { dtype: 'bfloat16', dims: [1], data: Uint16Array.of(0x3fc0) },
      { dtype: 'float64', dims: [1], data: Float64Array.of(0.1) },
      { dtype: 'bool', dims: [1], data: Uint8Array.of(1) },
    ];
    expect(values.map((value) => run(value, {}, [1, 1]).data[0])).toEqual([-3, 60000, 1.5, 1.5, Math.fround(0.1), 1]);
  });
});

describe('layout', () => {
  it('permutes named dimensions', () => {
    expect(run(image, nhwcToNchw, [1, 3, 2, 2])).toEqual(
      floats([1, 3, 2, 2], [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]),
    );
  });

  it('takes any letters', () => {
    const sample = floats([2, 3], counting(6));
    expect(run(sample, { layout: { from: 'ntf', to: 'nft' } }, ['N', 3, 2])).toEqual(
      floats([1, 3, 2], [0, 3, 1, 4, 2, 5]),
    );
  });

  it('adds and drops dimensions of size 1', () => {
    expect(run(floats([2, 3], counting(6)), { layout: { from: 'nhw', to: 'nchw' } }, ['N', 1, 2, 3]).dims).toEqual([
      1, 1, 2, 3,
    ]);
    expect(run(floats([2, 3, 1], counting(6)), { layout: { from: 'nhwc', to: 'nwh' } }, ['N', 3, 2])).toEqual(
      floats([1, 3, 2], [0, 3, 1, 4, 2, 5]),
    );
  });

  it.each([
    ['nhwc', 'nchc'],
    ['nhw', 'nwh'],
    ['hwnc', 'nchw'],
    ['nhwc', 'nhw'],
  ])('%s to %s on height × width × 3 is a finding', async (from, to) => {
    expect((await findingOf(() => run(image, { layout: { from, to } }))).code).toBe('data/layout');
  });
});

describe('the shape of the model', () => {
  const fits: [readonly number[], readonly Dimension[], readonly number[]][] = [
    [
      [3, 4],
      ['N', 3, 4],
      [1, 3, 4],
    ],
    [
      [49, 10],
      ['N', 1, 49, 10],
      [1, 1, 49, 10],
    ],
    [
      [28, 28],
      [1, 28, 28, 1],
      [1, 28, 28, 1],
    ],
    [
      [1, 5],
      ['N', 5],
      [1, 5],
    ],
    [
      [30, 1, 40],
      ['N', 30, 40],
      [1, 30, 40],
    ],
    [[640], [undefined, 640], [1, 640]],
    [
      [49, 10],
      ['N', 490],
      [1, 490],
    ],
    [[1960], ['N', 1, 49, 40], [1, 1, 49, 40]],
    [[512], ['batch', 'samples'], [1, 512]],
    [
      [16, 16],
      [16, 16],
      [16, 16],
    ],
  ];
  it.each(fits)('%j enters %j as %j', (sample, input, want) => {
    const count = sample.reduce((a, b) => a * b, 1);
    expect(run(floats(sample, counting(count)), {}, input)).toEqual(floats(want, counting(count)));
  });

  it('is never reached by scrambling: two dimensions that changed places are a finding', async () => {
    const finding = await findingOf(() => run(floats([2, 3], counting(6)), {}, ['N', 3, 2]));
    expect(finding.code).toBe('data/shape');
    expect(finding.what).toContain('[2, 3]');
    expect(finding.what).toContain('[N, 3, 2]');
  });

  it('names the line that is missing', async () => {
    const fixOf = async (sample: Tensor, dims: readonly Dimension[], images: boolean) =>
      (await findingOf(() => run(sample, {}, dims, 'float32', images))).fix;
    expect(await fixOf(image, ['N', 3, 2, 2], true)).toContain('layout nhwc to nchw');
    expect(await fixOf(image, ['N', 2, 2, 1], true)).toContain('channels gray');
    expect(await fixOf(image, ['N', 3, 224, 320], true)).toContain('resize 320x224  layout nhwc to nchw');
    expect(await fixOf(floats([3, 4, 5], counting(60)), ['N', 4, 5, 3], false)).toContain('layout nchw to nhwc');
  });

  it('with a fixed batch of more than one is told apart', async () => {
    expect((await findingOf(() => run(image, {}, [8, 2, 2, 3]))).code).toBe('data/batch');
  });
});

describe('the type of the model', () => {
  it('keeps whole numbers whole', () => {
    expect(run(image, nhwcToNchw, ['N', 3, 2, 2], 'uint8').data).toBeInstanceOf(Uint8Array);
    expect(run(bytes([2], [1, 2]), {}, [1, 2], 'int64')).toEqual({
      dtype: 'int64',
      dims: [1, 2],
      data: BigInt64Array.of(1n, 2n),
    });
    expect(run(bytes([1], [200]), { mean: [128] }, [1, 1], 'int8').data).toEqual(Int8Array.of(72));
  });

  it.each([
    [{ scale: 1 / 255 }, 'uint8'],
    [{ mean: [1] }, 'uint8'],
    [{ scale: 2 }, 'int8'],
  ] as [Partial<DataSource>, DataType][])('%j for %s is a finding that names the value', async (fields, dtype) => {
    const finding = await findingOf(() => run(bytes([2], [0, 100]), fields, [1, 2], dtype));
    expect(finding.code).toBe('data/type');
    expect(finding.what).toContain('x[0]');
  });

  it('rounds to half precision to nearest, ties to even, as hardware does', () => {
    const halfToNumber = (bits: number) => numberOfBits('float16', bits);
    const numberToHalf = (value: number) => bitsOfNumber('float16', value);
    const numberToBfloat = (value: number) => bitsOfNumber('bfloat16', value);
    const wrong = counting(0x7c00).filter(
      (bits) => numberToHalf(halfToNumber(bits)) !== bits || numberToHalf(-halfToNumber(bits)) !== (bits | 0x8000),
    );
    expect(wrong).toEqual([]);
    const between = (low: number) => (halfToNumber(low) + halfToNumber(low + 1)) / 2;
    for (const bits of [0, 1, 2, 0x3ff, 0x400, 0x3c00, 0x3c01, 0x7bfd]) {
      expect(numberToHalf(between(bits))).toBe(bits % 2 === 0 ? bits : bits + 1);
    }
    expect(numberToHalf(65519)).toBe(0x7bff);
    expect(numberToHalf(65520)).toBe(0x7c00);
    expect(numberToBfloat(1.00390625)).toBe(0x3f80);
    expect(numberToBfloat(1.01171875)).toBe(0x3f82);
  });
});

describe('image steps on arrays', () => {
  const gradient = bytes([4, 4, 3], counting(48));

  it('work on height × width × channels, whatever the layout', () => {
    const planes = run(gradient, nhwcToNchw).data as Float32Array;
    const stored = bytes([3, 4, 4], [...planes]);
    const want = run(gradient, { resize: { kind: 'exact', width: 2, height: 2 }, ...nhwcToNchw });
    const got = run(stored, { resize: { kind: 'exact', width: 2, height: 2 }, layout: { from: 'nchw', to: 'nchw' } });
    expect(got).toEqual(want);
  });

  it('come before the numbers: resize, crop, channels, then scale', () => {
    const got = run(gradient, { crop: { width: 2, height: 2 }, channels: 'bgr', scale: 2 });
    expect([...got.data].slice(0, 3)).toEqual([17, 16, 15].map((value) => value * 2));
    expect(got.dims).toEqual([1, 2, 2, 3]);
  });

  it('take int8 and float arrays through floats', () => {
    const sample: Tensor = { dtype: 'int8', dims: [2, 2], data: Int8Array.of(-100, 100, -100, 100) };
    const got = run(sample, { resize: { kind: 'exact', width: 1, height: 1 } });
    expect(got).toEqual(floats([1, 1, 1], [0]));
  });

  it('ask for the layout where it is in doubt', async () => {
    const finding = await findingOf(() => run(floats([3, 4, 3], counting(36)), { crop: { width: 2, height: 2 } }));
    expect(finding.code).toBe('data/layout');
    expect(finding.fix).toContain('layout nhwc to nchw');
  });
});

describe('preprocessing that cannot be', () => {
  const cases: Record<string, [Partial<DataSource>, string]> = {
    'a std of 0': [{ std: [1, 0, 1] }, 'data/normalise'],
    'means for another number of channels': [{ mean: [1, 2], ...nhwcToNchw }, 'data/normalise'],
    'mean and std of different lengths': [{ mean: [1, 2, 3], std: [1, 2], ...nhwcToNchw }, 'data/normalise'],
    'channels that no dimension has': [{ mean: [1, 2, 3, 4] }, 'data/normalise'],
    'a scale that is no number': [{ scale: Number.POSITIVE_INFINITY }, 'data/normalise'],
    'resizing to nothing': [{ resize: { kind: 'exact', width: 0, height: 5 } }, 'data/resize'],
    'resizing to a wall': [{ resize: { kind: 'exact', width: 100_000, height: 100_000 } }, 'data/resize'],
    'cropping to a wall': [{ crop: { width: 100_000, height: 100_000 } }, 'data/crop'],
  };
  it.each(Object.entries(cases))('%s', async (_, [fields, code]) => {
    expect((await findingOf(() => run(image, fields))).code).toBe(code);
  });
});
