import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, decodeModel, decodeTensor, encode, encodeModel, encodeTensor } from '../../../engine/onnx/codec.ts';
import { type MessageType, onnx } from '../../../engine/onnx/proto.ts';
import { tensorFromProto, tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { tensorsOf } from '../../../engine/onnx/visit.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { conformanceCases } from '../../conformance/archive.ts';
import { hasShared, shared } from '../../shared.ts';
import { allFields } from './messages.ts';

/** ONNX 1.10 through protobufjs 6: another schema, another library version, none of our code. */
const oracle = createRequire(import.meta.url)('onnx-proto').onnx;

const models = hasShared ? readdirSync(shared('models')!).filter((name) => name.endsWith('.onnx')) : [];
const read = (name: string) => new Uint8Array(readFileSync(join(shared('models')!, name)));

describe.skipIf(!hasShared)('real models (needs shared models)', () => {
  it('are there', () => expect(models.length).toBeGreaterThan(40));

  it.each(models)('%s is written back byte for byte', (name) => {
    const bytes = read(name);
    expect(Buffer.compare(encodeModel(decodeModel(bytes)), bytes)).toBe(0);
  });

  it.each(models)('%s decodes as onnx-proto decodes it', (name) => {
    const bytes = read(name);
    const ours = decodeModel(bytes);
    expect(comparable(ours)).toEqual(comparable(oracle.ModelProto.decode(bytes)));
  });

  it.each(models)('%s: every tensor survives the way through the engine', (name) => {
    for (const proto of tensorsOf(decodeModel(read(name)))) {
      const tensor = tensorFromProto(proto);
      const again = tensorFromProto(decodeTensor(encodeTensor(tensorToProto(tensor, proto.name))));
      expect(same(again, tensor), proto.name).toBe(true);
    }
  });
});

describe.skipIf(!hasShared)('the ONNX operator suite (needs shared models)', () => {
  it('has its cases', () => expect(conformanceCases().length).toBe(1745));

  it('every model is written back byte for byte', () => {
    const differing = conformanceCases().filter(
      ({ model }) => Buffer.compare(encodeModel(decodeModel(model)), model) !== 0,
    );
    expect(differing.map(({ name }) => name)).toEqual([]);
  });

  it('every model that the old schema can express decodes as onnx-proto decodes it', () => {
    let compared = 0;
    for (const { name, model } of conformanceCases()) {
      const theirs = oracle.ModelProto.decode(model);
      if (Buffer.compare(oracle.ModelProto.encode(theirs).finish(), model) !== 0) continue;
      compared++;
      expect(comparable(decodeModel(model)), name).toEqual(comparable(theirs));
    }
    expect(compared).toBeGreaterThan(1300);
  });

  it('every input and output is written back byte for byte, and survives the way through the engine', () => {
    let tensors = 0;
    for (const { name, model, sets } of conformanceCases()) {
      if (sets.length === 0) continue;
      const { graph } = decodeModel(model);
      const initialized = new Set(graph!.initializer.map((tensor) => tensor.name));
      const inputs = graph!.input.filter((value) => !initialized.has(value.name));
      for (const set of sets) {
        const files = [
          ...set.inputs.map((bytes, index) => ({ bytes, type: inputs[index]?.type })),
          ...set.outputs.map((bytes, index) => ({ bytes, type: graph!.output[index]?.type })),
        ];
        for (const { bytes, type } of files) {
          const kind = fileType(type);
          expect(Buffer.compare(encode(kind, decode(kind, bytes, 'tensor'), 64), bytes), name).toBe(0);
          if (kind !== onnx.TensorProto) continue;
          const tensor = tensorFromProto(decodeTensor(bytes));
          expect(same(tensorFromProto(tensorToProto(tensor)), tensor), name).toBe(true);
          tensors++;
        }
      }
    }
    expect(tensors).toBeGreaterThan(5000);
  });
});

describe('fields', () => {
  it('each field of each message survives, alone and with all others', () => {
    for (const { name, type, fields } of allFields()) {
      for (const [field, value] of Object.entries(fields)) {
        const bytes = encode(type, { ...emptyOf(type), [field]: value }, 16);
        expect(bytes.length, `${name}.${field}`).toBeGreaterThan(0);
        expect(decode<Record<string, unknown>>(type, bytes, 'model')[field], `${name}.${field}`).toEqual(value);
      }
      const bytes = encode(type, { ...emptyOf(type), ...fields }, 16);
      expect(encode(type, decode(type, bytes, 'model'), 16), name).toEqual(bytes);
    }
  });

  it('absent is not zero: an optional field that is there with its default is written, one that is not is not', () => {
    const zero = encode(onnx.NodeProto, new onnx.NodeProto({ name: '', domain: '' }), 16);
    expect([...zero]).toEqual([0x1a, 0, 0x3a, 0]);
    const node = decode(onnx.NodeProto, zero, 'model');
    expect([node.name, node.domain, node.op_type]).toEqual(['', '', undefined]);
    expect(encode(onnx.NodeProto, new onnx.NodeProto(), 16).length).toBe(0);
  });

  it('64-bit integers are exact: numbers where these are, bigints beyond', () => {
    const ints = [
      0,
      -1,
      2 ** 53 - 1,
      -(2 ** 53 - 1),
      2n ** 53n,
      -(2n ** 53n),
      2n ** 63n - 1n,
      -(2n ** 63n),
      4294967296,
      -4294967297,
    ];
    const attribute = decode(
      onnx.AttributeProto,
      encode(onnx.AttributeProto, new onnx.AttributeProto({ ints }), 16),
      'model',
    );
    expect(attribute.ints).toEqual(ints);
    const uint64_data = [0, 2 ** 53 - 1, 2n ** 63n, 2n ** 64n - 1n];
    const tensor = new onnx.TensorProto({ uint64_data, int64_data: ints });
    const again = decodeTensor(encodeTensor(tensor));
    expect([again.uint64_data, again.int64_data]).toEqual([uint64_data, ints]);
  });

  it('unknown fields and enum values of a later ONNX are kept, at every depth', () => {
    const unknown = [0xa2, 0x1f, 2, 0xca, 0xfe]; // field 500, two bytes
    const laterType = [0xa0, 0x01, 99]; // AttributeProto.type = 99
    const attribute = [0x0a, 1, 0x61, ...laterType, ...unknown];
    const node = [0x22, 1, 0x41, 0x2a, attribute.length, ...attribute, ...unknown];
    const graph = [0x0a, node.length, ...node, ...unknown];
    const model = Uint8Array.from([0x08, 13, 0x3a, graph.length, ...graph, 0x42, 2, 0x10, 13, ...unknown]);
    expect([...encodeModel(decodeModel(model))]).toEqual([...model]);
  });

  it('text that is not UTF-8 is kept byte for byte', () => {
    const name = [0x61, 0xff, 0xe9, 0x62, 0xed, 0xa0, 0x80, 0xc3];
    const bytes = Uint8Array.from([0x1a, name.length, ...name, 0x32, 4, 0xf0, 0x9f, 0x98, 0x80]);
    const node = decode(onnx.NodeProto, bytes, 'model');
    expect(node.doc_string).toBe('😀');
    expect(encode(onnx.NodeProto, node, 16)).toEqual(bytes);
  });

  it('lists may come packed or one by one, in any order', () => {
    const packed = Uint8Array.from([0x0a, 3, 1, 2, 3]);
    const single = Uint8Array.from([0x10, 1, 0x08, 1, 0x08, 2, 0x08, 3]);
    expect(decodeTensor(packed).dims).toEqual([1, 2, 3]);
    expect(decodeTensor(single).dims).toEqual([1, 2, 3]);
  });

  it('large byte fields are views of the file', () => {
    const file = encodeTensor(new onnx.TensorProto({ dims: [1000], data_type: 2, raw_data: new Uint8Array(1000) }));
    expect(decodeTensor(file).raw_data!.buffer).toBe(file.buffer);
  });

  it('Node buffers give plain Uint8Arrays', () => {
    const file = Buffer.from(encodeTensor(new onnx.TensorProto({ raw_data: Uint8Array.of(1, 2) })));
    expect(decodeTensor(file).raw_data!.constructor).toBe(Uint8Array);
  });
});

/** The message in a `.pb` file that holds a value of this type. */
function fileType(type: onnx.TypeProto | undefined): MessageType<object> {
  if (type?.sequence_type) return onnx.SequenceProto;
  return type?.optional_type ? onnx.OptionalProto : onnx.TensorProto;
}

function emptyOf(type: unknown): Record<string, unknown> {
  return new (type as new () => Record<string, unknown>)();
}

/** Type, shape and every bit; much faster than `toEqual` on large arrays. */
function same(a: Tensor, b: Tensor): boolean {
  const bytes = ({ data }: Tensor) =>
    Array.isArray(data)
      ? Buffer.from(JSON.stringify(data))
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return (
    a.dtype === b.dtype &&
    a.dims.join() === b.dims.join() &&
    a.data.constructor === b.data.constructor &&
    bytes(a).equals(bytes(b))
  );
}

/** Both libraries' messages as plain data: own fields that hold something, snake_case, 64-bit integers as text. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? String(value) : value;
  // `Long` of the oracle.
  if ('low' in value && 'high' in value) return value.toString();
  const fields = Object.entries(value).filter(([, field]) => !(Array.isArray(field) && field.length === 0));
  return Object.fromEntries(fields.map(([name, field]) => [snakeCase(name), comparable(field)]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
