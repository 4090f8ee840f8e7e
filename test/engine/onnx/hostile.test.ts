import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import { decodeModel, decodeTensor, encode, encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorFromProto } from '../../../engine/onnx/tensor-proto.ts';
import { hasShared, shared } from '../../shared.ts';
import { allFields } from './messages.ts';
import { smallModel } from './small-model.ts';

/** Code of the finding that reading gives; undefined when the bytes can be read. Any other error fails the test. */
function findingOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof FindingError) return error.finding.code;
    throw error;
  }
}
const readingModel = (bytes: Uint8Array) => findingOf(() => decodeModel(bytes));
const ascii = (text: string) => new TextEncoder().encode(text);

describe('files that are no ONNX models', () => {
  it.each([
    ['nothing at all', new Uint8Array(0), 'model/empty'],
    [
      'a Git LFS pointer',
      ascii('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n'),
      'model/not-onnx',
    ],
    ['a web page', ascii('<!DOCTYPE html><html><body>404</body></html>'), 'model/not-onnx'],
    ['JSON', ascii('{"model": 1}'), 'model/not-onnx'],
    ['prose', ascii('Once upon a time there was a network.'), 'model/not-onnx'],
    ['a zip archive', Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]), 'model/not-onnx'],
    ['HDF5', Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]), 'model/not-onnx'],
    ['TensorFlow Lite', Uint8Array.from([0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33, 0, 0]), 'model/not-onnx'],
    ['zeros', new Uint8Array(4096), 'model/not-onnx'],
    ['a model without a graph', Uint8Array.from([0x08, 13]), 'model/no-graph'],
    ['a model without operator sets', Uint8Array.from([0x08, 13, 0x3a, 0]), 'model/no-opset'],
  ])('%s', (_, bytes, code) => expect(readingModel(bytes)).toBe(code));

  it('a model may begin with any field that a model has', () => {
    const model = allFields().find(({ name }) => name === '.onnx.ModelProto')!;
    expect(Object.keys(model.fields).length).toBe(12);
    for (const [field, value] of Object.entries(model.fields)) {
      const bytes = encode(model.type, { ...new onnx.ModelProto(), [field]: value }, 16);
      expect(readingModel(bytes), field).not.toBe('model/not-onnx');
    }
  });

  it('says what the file is', () => {
    expect(() => decodeModel(ascii('version https://git-lfs.github.com/spec/v1\n'))).toThrow(/git lfs pull/);
    expect(() => decodeModel(Uint8Array.from([0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33]))).toThrow(/TensorFlow Lite/);
  });
});

describe('damaged models', () => {
  const whole = encodeModel(smallModel());

  it('cut anywhere: one clear finding, or the fields that are whole', () => {
    const codes = new Set<string | undefined>();
    for (let length = 0; length < whole.length; length++) codes.add(readingModel(whole.subarray(0, length)));
    expect([...codes].sort()).toEqual([
      'model/empty',
      'model/no-graph',
      'model/no-opset',
      'model/truncated',
      undefined,
    ]);
  });

  it('cut inside the graph: the finding says how much is missing', () => {
    expect(() => decodeModel(whole.subarray(0, whole.length - 40))).toThrow(
      /ends too early.*bytes or more are missing/,
    );
  });

  it.skipIf(!hasShared)('a real model cut at many places (needs shared models)', () => {
    const bytes = new Uint8Array(readFileSync(shared('models', 'mlperf_tiny_ic_resnet8_bn_fp32.onnx')!));
    const graphEnds = bytes.length - encodeModel(withoutGraph(decodeModel(bytes))).length;
    let cuts = 0;
    for (let length = 64; length < graphEnds; length += 997) {
      expect(readingModel(bytes.subarray(0, length)), `cut at ${length}`).toBe('model/truncated');
      cuts++;
    }
    expect(cuts).toBeGreaterThan(300);
  });

  it('any byte changed to any other: a finding or a model, never anything else', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (position, value) => {
        const bytes = whole.slice();
        bytes[position] = value;
        const code = readingModel(bytes);
        return code === undefined || code.startsWith('model/');
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  it('any bytes behind the beginning of a model', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const code = readingModel(modelOfGraph(tail));
        return code === undefined || code.startsWith('model/');
      }),
      { numRuns: 3000, seed: 2 },
    );
  });

  it('any bytes as a tensor: a finding, or a tensor whose data fit its shape', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const code = findingOf(() => tensorFromProto(decodeTensor(bytes)));
        return code === undefined || code.startsWith('tensor/');
      }),
      { numRuns: 3000, seed: 3 },
    );
  });

  it('what can be read is read the same after writing it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
        const bytes = whole.slice();
        for (const [position, value] of changes) bytes[position] = value;
        if (readingModel(bytes) !== undefined) return;
        const model = decodeModel(bytes);
        const written = encodeModel(model);
        const again = decodeModel(written);
        expect(again).toEqual(model);
        expect(encodeModel(again)).toEqual(written);
      }),
      { numRuns: 1500, seed: 4 },
    );
  });
});

describe('hostile models', () => {
  it('graphs nested a thousand deep end in a finding, not in a stack overflow', () => {
    let graph: number[] = [];
    for (let depth = 0; depth < 1000; depth++) {
      const attribute = [0x32, ...varint(graph.length), ...graph];
      const node = [0x2a, ...varint(attribute.length), ...attribute];
      graph = [0x0a, ...varint(node.length), ...node];
    }
    expect(readingModel(modelOfGraph(graph))).toBe('model/too-deep');
  });

  it('groups nested without end end in a finding', () => {
    expect(readingModel(modelOfGraph(new Uint8Array(100_000).fill(0x7b)))).toBe('model/too-deep');
  });

  it('five million empty nodes in ten megabytes are refused before they fill the memory', () => {
    const body = new Uint8Array(10_000_000);
    for (let index = 0; index < body.length; index += 2) body[index] = 0x0a;
    expect(readingModel(modelOfGraph(body))).toBe('model/too-complex');
  });

  it('a tensor of impossible size is refused before anything is allocated', () => {
    const tensor = new onnx.TensorProto({ dims: [2 ** 30, 2 ** 30], data_type: 1, raw_data: new Uint8Array(4) });
    expect(findingOf(() => tensorFromProto(tensor))).toBe('tensor/dims');
    const large = new onnx.TensorProto({ dims: [2 ** 40], data_type: 1, raw_data: new Uint8Array(4) });
    expect(findingOf(() => tensorFromProto(large))).toBe('tensor/length');
    const packed = new onnx.TensorProto({ dims: [2 ** 40], data_type: 22 });
    expect(findingOf(() => tensorFromProto(packed))).toBe('tensor/length');
    const strings = new onnx.TensorProto({ dims: [2 ** 40], data_type: 8 });
    expect(findingOf(() => tensorFromProto(strings))).toBe('tensor/length');
  });

  it.each([
    ['a negative dimension', { dims: [-1], data_type: 1 }, 'tensor/dims'],
    ['a dimension beyond 2⁵³', { dims: [2n ** 60n], data_type: 1 }, 'tensor/dims'],
    ['no data type', { dims: [1] }, 'tensor/data-type'],
    ['a data type of the future', { dims: [1], data_type: 99 }, 'tensor/data-type'],
    ['too few bytes', { dims: [3], data_type: 1, raw_data: new Uint8Array(11) }, 'tensor/length'],
    ['too many bytes', { dims: [3], data_type: 2, raw_data: new Uint8Array(4) }, 'tensor/length'],
    ['raw strings', { dims: [1], data_type: 8, raw_data: new Uint8Array(4) }, 'tensor/length'],
    [
      'segments',
      { dims: [1], data_type: 1, segment: new onnx.TensorProto.Segment({ begin: 0, end: 1 }) },
      'tensor/segment',
    ],
    [
      'elements in another file, where there is none',
      { dims: [1], data_type: 1, data_location: 1 as const },
      'tensor/external',
    ],
  ])('a tensor with %s', (_, fields, code) => {
    expect(findingOf(() => tensorFromProto(new onnx.TensorProto(fields)))).toBe(code);
  });
});

function withoutGraph(model: onnx.ModelProto): onnx.ModelProto {
  return new onnx.ModelProto({ ...model, graph: undefined });
}

/** The bytes of a model around those of a graph. */
function modelOfGraph(graph: ArrayLike<number>): Uint8Array {
  const head = [0x08, 13, 0x3a, ...varint(graph.length)];
  const opset = [0x42, 2, 0x10, 13];
  const bytes = new Uint8Array(head.length + graph.length + opset.length);
  bytes.set(head);
  bytes.set(graph, head.length);
  bytes.set(opset, head.length + graph.length);
  return bytes;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
