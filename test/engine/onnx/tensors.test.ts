import { describe, expect, it } from 'vitest';
import { dataTypeOf, elementLayouts, elemTypeOf, storedBytes } from '../../../engine/onnx/data-types.ts';
import { packBits, unpackBits } from '../../../engine/onnx/packing.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorFromProto, tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import type { DataType, TensorData } from '../../../engine/tensor.ts';

const { DataType: elementTypes } = onnx.TensorProto;

/** Data type, three elements in memory, their raw bytes, and the typed list that may hold them instead. */
const samples: readonly [DataType, TensorData, number[], object][] = [
  [
    'float32',
    Float32Array.of(1, -2, 0.5),
    [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f],
    { float_data: [1, -2, 0.5] },
  ],
  ['float64', Float64Array.of(1, 0, 2), [...f64(1), ...f64(0), ...f64(2)], { double_data: [1, 0, 2] }],
  ['float16', Uint16Array.of(0x3c00, 0xc000, 1), [0, 0x3c, 0, 0xc0, 1, 0], { int32_data: [0x3c00, 0xc000, 1] }],
  ['bfloat16', Uint16Array.of(0x3f80, 0xc000, 1), [0x80, 0x3f, 0, 0xc0, 1, 0], { int32_data: [0x3f80, 0xc000, 1] }],
  ['float8e4m3fn', Uint8Array.of(0x38, 0xb8, 0x7f), [0x38, 0xb8, 0x7f], { int32_data: [0x38, 0xb8, 0x7f] }],
  ['float8e4m3fnuz', Uint8Array.of(0x40, 0x80, 1), [0x40, 0x80, 1], { int32_data: [0x40, 0x80, 1] }],
  ['float8e5m2', Uint8Array.of(0x3c, 0xfc, 1), [0x3c, 0xfc, 1], { int32_data: [0x3c, 0xfc, 1] }],
  ['float8e5m2fnuz', Uint8Array.of(0x40, 0x80, 1), [0x40, 0x80, 1], { int32_data: [0x40, 0x80, 1] }],
  ['float8e8m0', Uint8Array.of(127, 0, 255), [127, 0, 255], { int32_data: [127, 0, 255] }],
  ['float4e2m1', Uint8Array.of(0x1, 0xf, 0x7), [0xf1, 0x07], { int32_data: [0xf1, 0x07] }],
  ['int8', Int8Array.of(-128, 127, -1), [0x80, 0x7f, 0xff], { int32_data: [-128, 127, -1] }],
  ['int16', Int16Array.of(-2, 256, 1), [0xfe, 0xff, 0, 1, 1, 0], { int32_data: [-2, 256, 1] }],
  [
    'int32',
    Int32Array.of(-1, 2 ** 30, 3),
    [255, 255, 255, 255, 0, 0, 0, 64, 3, 0, 0, 0],
    { int32_data: [-1, 2 ** 30, 3] },
  ],
  [
    'int64',
    BigInt64Array.of(-(2n ** 63n), 2n ** 53n, -1n),
    [...new Array(7).fill(0), 0x80, 0, 0, 0, 0, 0, 0, 0x20, 0, ...new Array(8).fill(255)],
    { int64_data: [-(2n ** 63n), 2n ** 53n, -1] },
  ],
  ['uint8', Uint8Array.of(0, 200, 255), [0, 200, 255], { int32_data: [0, 200, 255] }],
  ['uint16', Uint16Array.of(65535, 1, 256), [255, 255, 1, 0, 0, 1], { int32_data: [65535, 1, 256] }],
  [
    'uint32',
    Uint32Array.of(2 ** 32 - 1, 1, 2),
    [255, 255, 255, 255, 1, 0, 0, 0, 2, 0, 0, 0],
    { uint64_data: [2 ** 32 - 1, 1, 2] },
  ],
  [
    'uint64',
    BigUint64Array.of(2n ** 64n - 1n, 1n, 2n),
    [...new Array(8).fill(255), 1, ...new Array(7).fill(0), 2, ...new Array(7).fill(0)],
    { uint64_data: [2n ** 64n - 1n, 1, 2] },
  ],
  ['int4', Int8Array.of(-8, 7, -1), [0x78, 0x0f], { int32_data: [0x78, 0x0f] }],
  ['uint4', Uint8Array.of(8, 7, 15), [0x78, 0x0f], { int32_data: [0x78, 0x0f] }],
  ['int2', Int8Array.of(-2, 1, -1), [0b11_01_10], { int32_data: [0b11_01_10] }],
  ['uint2', Uint8Array.of(2, 1, 3), [0b11_01_10], { int32_data: [0b11_01_10] }],
  ['bool', Uint8Array.of(1, 0, 1), [1, 0, 1], { int32_data: [1, 0, 1] }],
  ['complex64', Float32Array.of(1, 0, 0, 1, -2, 0.5), [], { float_data: [1, 0, 0, 1, -2, 0.5] }],
  ['complex128', Float64Array.of(1, 0, 0, 1, -2, 0.5), [], { double_data: [1, 0, 0, 1, -2, 0.5] }],
  [
    'string',
    ['', 'ä', '\udcff raw'],
    [],
    { string_data: [[], [0xc3, 0xa4], [0xff, 0x20, 0x72, 0x61, 0x77]].map((bytes) => Uint8Array.from(bytes)) },
  ],
];

describe('data types', () => {
  it('every data type has a sample', () => {
    expect(samples.map(([dtype]) => dtype).sort()).toEqual(Object.keys(elementLayouts).sort());
  });

  it('every number of IR 13 names one data type, and the names agree', () => {
    for (const [name, number] of Object.entries(elementTypes)) {
      if (number === 0 || number > 26) expect(dataTypeOf(number)).toBeUndefined();
      else {
        const expected = { FLOAT: 'float32', DOUBLE: 'float64' }[name] ?? name.toLowerCase();
        expect(dataTypeOf(number)).toBe(expected);
        expect(elemTypeOf(dataTypeOf(number)!)).toBe(number);
      }
    }
  });

  it.each(samples)('%s: raw data, typed list and memory say the same', (dtype, data, raw, list) => {
    const header = { dims: [3], data_type: elemTypeOf(dtype) };
    const fromList = tensorFromProto(new onnx.TensorProto({ ...header, ...list }));
    expect(fromList).toEqual({ dtype, dims: [3], data });
    const proto = tensorToProto({ dtype, dims: [3], data }, 'name');
    expect(proto.name).toBe('name');
    expect(tensorFromProto(proto)).toEqual({ dtype, dims: [3], data });
    if (raw.length > 0) expect([...proto.raw_data!]).toEqual(raw);
    if (dtype !== 'string') expect(proto.raw_data!.length).toBe(storedBytes(dtype, 3));
  });

  it.each(samples)('%s: at any offset of a file', (dtype, data) => {
    const proto = tensorToProto({ dtype, dims: [3], data });
    if (!proto.raw_data) return expect(dtype).toBe('string');
    const file = new Uint8Array(proto.raw_data.length + 5);
    file.set(proto.raw_data, 5);
    proto.raw_data = file.subarray(5);
    expect(tensorFromProto(proto).data).toEqual(data);
  });

  it('booleans are 0 and 1, whatever a writer takes for true', () => {
    const tensor = new onnx.TensorProto({ dims: [3], data_type: 9, raw_data: Uint8Array.of(0, 255, 2) });
    expect(tensorFromProto(tensor).data).toEqual(Uint8Array.of(0, 1, 1));
  });

  it('scalars, empty tensors and zero dimensions', () => {
    expect(tensorFromProto(new onnx.TensorProto({ data_type: 1, float_data: [3] }))).toEqual({
      dtype: 'float32',
      dims: [],
      data: Float32Array.of(3),
    });
    for (const dtype of Object.keys(elementLayouts) as DataType[]) {
      const empty = tensorFromProto(new onnx.TensorProto({ dims: [2, 0], data_type: elemTypeOf(dtype) }));
      expect([empty.dims, empty.data.length]).toEqual([[2, 0], 0]);
    }
  });

  it('aligned data are a view, data that lie odd are copied', () => {
    const buffer = new ArrayBuffer(24);
    const at = (offset: number) =>
      tensorFromProto(new onnx.TensorProto({ dims: [2], data_type: 1, raw_data: new Uint8Array(buffer, offset, 8) }));
    expect((at(8).data as Float32Array).buffer).toBe(buffer);
    expect((at(9).data as Float32Array).buffer).not.toBe(buffer);
  });
});

describe('packing', () => {
  it.each([
    [2, true],
    [2, false],
    [4, true],
    [4, false],
  ] as const)('%i bits, signed %s: every byte unpacks to codes that pack to it', (bits, signed) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const codes = unpackBits(bytes, (256 * 8) / bits, bits, signed);
    const limit = 2 ** bits;
    expect([Math.min(...codes), Math.max(...codes)]).toEqual(signed ? [-limit / 2, limit / 2 - 1] : [0, limit - 1]);
    expect(packBits(codes, bits)).toEqual(bytes);
  });
});

function f64(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}
