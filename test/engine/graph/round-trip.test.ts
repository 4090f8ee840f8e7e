import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { changed, onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { conformanceCases } from '../../conformance/archive.ts';
import { hasShared, shared } from '../../shared.ts';
import { graphProto, modelProto, node, valueInfo } from './protos.ts';

/** Through the graph and back, by way of bytes. */
function through(proto: onnx.ModelProto): onnx.ModelProto {
  return decodeModel(encodeModel(modelToProto(graphFromProto(proto))));
}

/** The original as it must come back: nodes sorted and named, everything else as it was. */
function expected(original: onnx.ModelProto, back: onnx.ModelProto): onnx.ModelProto {
  return changed(original, { graph: named(original.graph!, back.graph!) });
}

function named(graph: onnx.GraphProto, back: onnx.GraphProto): onnx.GraphProto {
  const key = (own: onnx.NodeProto) => own.output.find((value) => value !== '');
  const place = new Map(back.node.map((own, index) => [key(own), index]));
  const sorted = [...graph.node].sort((a, b) => place.get(key(a))! - place.get(key(b))!);
  const node = sorted.map((own, i) => {
    const other = back.node[i]!;
    const attribute = own.attribute.map((item, j) =>
      item.g === undefined ? item : changed(item, { g: named(item.g, other.attribute[j]!.g!) }),
    );
    return changed(own, { name: other.name, attribute });
  });
  return changed(graph, { node });
}

function expectSame(original: onnx.ModelProto, name = ''): void {
  const back = through(original);
  const wanted = expected(original, back);
  // Bytes first: comparing millions of numbers in messages takes minutes.
  if (Buffer.compare(encodeModel(back), encodeModel(wanted)) === 0) return;
  expect([name, structuredClone(back)]).toEqual([name, structuredClone(wanted)]);
  expect.fail(`${name}: other bytes for equal messages`);
}

describe.skipIf(!hasShared)(
  'a model that is read and written unchanged keeps every field (needs shared models)',
  () => {
    const folder = shared('models') ?? '';
    const files = folder === '' ? [] : readdirSync(folder);

    it.each(files)('%s', (file) => {
      expectSame(decodeModel(readFileSync(`${folder}/${file}`)));
    });

    it('every model of the ONNX operator suite', () => {
      const cases = conformanceCases().filter(({ model }) => model.length < 1 << 20);
      expect(cases.length).toBeGreaterThan(1700);
      for (const { name, model } of cases) expectSame(decodeModel(model), name);
    });
  },
);

describe('writing keeps', () => {
  const relu = { inputs: { x: [2] }, nodes: [node('Relu', 'x', 'y', {}, 'r')], outputs: ['y'] } as const;

  it('metadata, doc strings, functions, training information and producer', () => {
    const proto = modelProto(relu);
    proto.metadata_props = [new onnx.StringStringEntryProto({ key: 'author', value: 'someone' })];
    proto.doc_string = 'about the model';
    proto.producer_name = 'exporter';
    proto.graph!.doc_string = 'about the graph';
    proto.graph!.node[0]!.doc_string = 'about the node';
    proto.functions = [new onnx.FunctionProto({ name: 'unused', domain: 'my' })];
    proto.training_info = [new onnx.TrainingInfoProto({ algorithm: graphProto({ nodes: [], outputs: [] }) })];
    expectSame(proto);
  });

  it('fields that this version of the schema does not know, in model, graph, node and attribute', () => {
    const proto = modelProto({ ...relu, nodes: [node('Softmax', 'x', 'y', { axis: 0 }, 's')] });
    const unknown = Uint8Array.of(0xfa, 0x7f, 0x03, 1, 2, 3);
    for (const message of [proto, proto.graph!, proto.graph!.node[0]!, proto.graph!.node[0]!.attribute[0]!])
      Object.defineProperty(message, '$unknowns', { value: [unknown], writable: true, configurable: true });
    const model = graphFromProto(decodeModel(encodeModel(proto)));
    // A pass that changes a node must not lose them either.
    const rewritten = {
      ...model,
      graph: { ...model.graph, nodes: model.graph.nodes.map((own) => ({ ...own, inputs: ['x'] })) },
    };
    const bytes = encodeModel(modelToProto(rewritten));
    const found =
      Array.from(bytes, (byte) => String.fromCharCode(byte))
        .join('')
        .split(String.fromCharCode(...unknown)).length - 1;
    expect(found).toBe(4);
  });

  it('quantisation annotations, value types and the way in which constants are stored', () => {
    const proto = modelProto({
      ...relu,
      nodes: [node('Add', 'x w', 'y', {}, 'a')],
      valueInfo: [valueInfo('y', ['N'])],
    });
    proto.graph!.initializer = [
      new onnx.TensorProto({ name: 'w', dims: [2], data_type: 1, float_data: [1, 2], doc_string: 'weights' }),
    ];
    proto.graph!.quantization_annotation = [new onnx.TensorAnnotation({ tensor_name: 'w' })];
    expectSame(proto);
  });

  it('constants that are inputs as well, as they had to be before IR 4', () => {
    expectSame(
      modelProto({
        inputs: { w: [2], x: [2] },
        nodes: [node('Add', 'x w', 'y', {}, 'a')],
        outputs: ['y'],
        constants: { w: float32Tensor([2], Float32Array.of(1, 2)) },
        irVersion: 3,
      }),
    );
  });
});

describe('writing follows a changed graph', () => {
  it('new constants, nodes and opsets are written, old value types that no longer hold are not', () => {
    const model = graphFromProto(
      modelProto({
        inputs: { x: [2] },
        nodes: [node('Relu', 'x', 'old', {}, 'r'), node('Neg', 'old', 'm', {}, 'n'), node('Abs', 'm', 'y', {}, 'a')],
        outputs: ['y'],
        valueInfo: [valueInfo('m', [2]), valueInfo('old', [2])],
      }),
    );
    const [relu] = model.graph.nodes;
    const graph = {
      ...model.graph,
      nodes: [
        { ...relu!, op: 'Add', inputs: ['x', 'w'], outputs: ['m'] },
        { name: 'g', op: 'Gelu', domain: 'com.microsoft', inputs: ['m'], outputs: ['y'], attributes: {} },
      ],
      initializers: new Map([['w', float32Tensor([1], Float32Array.of(3))]]),
      opsets: new Map([
        ['', 21],
        ['com.microsoft', 1],
      ]),
    };
    const back = decodeModel(encodeModel(modelToProto({ ...model, graph })));
    expect(back.graph!.node.map((own) => [own.op_type, own.name, own.input])).toEqual([
      ['Add', 'r', ['x', 'w']],
      ['Gelu', 'g', ['m']],
    ]);
    expect(back.graph!.initializer.map((own) => own.name)).toEqual(['w']);
    expect(back.graph!.value_info.map((own) => own.name)).toEqual(['m']);
    expect(back.opset_import.map((own) => [own.domain, own.version])).toEqual([
      ['', 21],
      ['com.microsoft', 1],
    ]);
  });
});
