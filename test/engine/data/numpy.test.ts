import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../engine/data/bytes.ts';
import { openNpy, readNpy, writeNpy } from '../../../engine/data/numpy.ts';
import { numberOfBits } from '../../../engine/numbers.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { findingOf } from './support/findings.ts';
import { golden, goldenArrays } from './support/goldens.ts';

const expected: Record<string, { dtype: string; shape: number[]; values: (number | string)[] }> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'goldens', 'arrays.json'), 'utf8'),
);

function plainValues(tensor: Tensor): (number | string)[] {
  const values = [...(tensor.data as Iterable<number | bigint | string>)];
  if (tensor.dtype === 'float16') return values.map((bits) => numberOfBits('float16', bits as number));
  return values.map((value) => (/^u?int/.test(tensor.dtype) ? String(value) : (value as number | string)));
}

describe.each(['arrays.npz', 'arrays-deflated.npz'])('what numpy wrote into %s', (archive) => {
  it('holds all that the script put there', async () => {
    expect([...(await goldenArrays(archive)).keys()]).toEqual(Object.keys(expected));
  });

  it.each(Object.keys(expected))('reads %s', async (name) => {
    const tensor = (await goldenArrays(archive)).get(name)!;
    const want = expected[name]!;
    expect(tensor.dtype).toBe(/^(str|bytes)/.test(want.dtype) ? 'string' : want.dtype);
    expect(tensor.dims).toEqual(want.shape);
    expect(plainValues(tensor)).toEqual(want.values);
  });
});

describe('reading by range', () => {
  it('reads the elements asked for and no others', async () => {
    const bytes = writeNpy({ dtype: 'int16', dims: [1000], data: Int16Array.from({ length: 1000 }, (_, i) => i) });
    let fetched = 0;
    const source = memorySource(bytes);
    const array = await openNpy(
      {
        size: source.size,
        read: (offset, length) => {
          fetched += length;
          return source.read(offset, length);
        },
      },
      'x',
    );
    const header = fetched;
    expect((await array.readElements(500, 3)).data).toEqual(Int16Array.of(500, 501, 502));
    expect(fetched - header).toBe(6);
  });

  it('turns a Fortran-ordered array so that samples lie together', async () => {
    const archive = await goldenArrays('arrays.npz');
    const whole = archive.get('fortran')!;
    expect(whole.data).toEqual(Int32Array.from({ length: 24 }, (_, i) => i));
  });
});

describe('writeNpy', () => {
  const tensors: Tensor[] = [
    { dtype: 'float32', dims: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-40, 3e38) },
    { dtype: 'float64', dims: [1], data: Float64Array.of(Math.PI) },
    { dtype: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0xfbff) },
    { dtype: 'int64', dims: [2], data: BigInt64Array.of(-(2n ** 63n), 7n) },
    { dtype: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    { dtype: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) },
    { dtype: 'uint8', dims: [], data: Uint8Array.of(200) },
    { dtype: 'int8', dims: [0, 4], data: new Int8Array(0) },
    { dtype: 'complex64', dims: [1], data: Float32Array.of(1, 2) },
  ];
  it.each(tensors)('writes $dtype $dims so that it reads back', async (tensor) => {
    expect(await readNpy(writeNpy(tensor))).toEqual(tensor);
  });

  it('aligns the elements to 64 bytes as numpy does', () => {
    const header = writeNpy({ dtype: 'float32', dims: [1], data: Float32Array.of(1) }).length - 4;
    expect(header % 64).toBe(0);
  });

  it('writes what numpy has no type for as the next wider type', async () => {
    const bfloat = await readNpy(writeNpy({ dtype: 'bfloat16', dims: [1], data: Uint16Array.of(0x3fc0) }));
    expect(bfloat).toEqual({ dtype: 'float32', dims: [1], data: Float32Array.of(1.5) });
    const nibbles = await readNpy(writeNpy({ dtype: 'int4', dims: [2], data: Int8Array.of(-8, 7) }));
    expect(nibbles).toEqual({ dtype: 'int8', dims: [2], data: Int8Array.of(-8, 7) });
  });

  it('refuses text', async () => {
    expect((await findingOf(() => writeNpy({ dtype: 'string', dims: [1], data: ['a'] }))).code).toBe('data/npy-write');
  });
});

describe('arrays that are refused', () => {
  const header = (text: string, tail = 0) => {
    const padded = `${text}\n`;
    const bytes = new Uint8Array(10 + padded.length + tail);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 0xff, padded.length >> 8]);
    bytes.set(new TextEncoder().encode(padded), 10);
    return bytes;
  };
  const cases: Record<string, [Uint8Array, string]> = {
    'pickled objects, which would run code': [golden('pickled.npy'), 'data/npy-pickle'],
    'structured arrays': [golden('structured.npy'), 'data/npy-type'],
    'a shape beyond the file': [
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
      'data/truncated',
    ],
    'a shape beyond all numbers': [
      header(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999, 999999999999999, 999999999999999), }",
      ),
      'data/truncated',
    ],
    'more dimensions than an array has': [
      header(`{'descr': '<f4', 'fortran_order': False, 'shape': (${'1, '.repeat(100)}), }`, 4),
      'data/npy',
    ],
    'a negative size': [header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), 'data/npy'],
    'a header that is no dictionary': [header('import os'), 'data/npy'],
    dates: [header("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", 8), 'data/npy-type'],
    'another file': [new TextEncoder().encode('hello, this is text'), 'data/npy'],
    'an empty file': [new Uint8Array(0), 'data/npy'],
  };
  it.each(Object.entries(cases))('%s', async (_, [bytes, code]) => {
    const finding = await findingOf(() => readNpy(bytes, 'x.npy'));
    expect(finding.code).toBe(code);
    expect(finding.what).toContain('x.npy');
  });

  it('cut off anywhere', async () => {
    const whole = writeNpy({ dtype: 'float32', dims: [4], data: Float32Array.of(1, 2, 3, 4) });
    for (let length = 0; length < whole.length; length++) {
      const { code } = await findingOf(() => readNpy(whole.subarray(0, length)));
      expect(['data/npy', 'data/truncated']).toContain(code);
    }
  });
});
