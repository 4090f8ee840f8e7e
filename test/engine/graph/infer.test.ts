import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { valueTypeFromProto } from '../../../engine/graph/value-types.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { changed, type onnx } from '../../../engine/onnx/proto.ts';
import { type Dimension, float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { conformanceCases } from '../../conformance/archive.ts';
import { hasShared, shared } from '../../shared.ts';
import { graphProto, modelProto, node, valueInfo } from './protos.ts';

const ints = (...values: number[]) => int64Tensor([values.length], values);
const weights = (...dims: number[]) => float32Tensor(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));

/** Shape of `y` in a graph of these nodes. */
function shapeOf(
  x: readonly Dimension[],
  nodes: onnx.NodeProto[],
  constants: Record<string, Tensor> = {},
  opset = 17,
): readonly Dimension[] | undefined {
  const model = graphFromProto(modelProto({ inputs: { x }, nodes, outputs: ['y'], constants, opset }));
  expect(model.findings).toEqual([]);
  return model.graph.types.get('y')?.dims;
}

describe('symbolic dimensions', () => {
  it('pass through layers that leave the axis alone', () => {
    const nodes = [
      node('Conv', 'x w', 'c', { pads: [1, 1, 1, 1] }),
      node('Relu', 'c', 'r'),
      node('MaxPool', 'r', 'y', { kernel_shape: [2, 2], strides: [2, 2] }),
    ];
    expect(shapeOf(['N', 3, 8, 'W'], nodes, { w: weights(4, 3, 3, 3) })).toEqual(['N', 4, 4, undefined]);
  });

  it('pass through shape arithmetic: the flattening that PyTorch writes', () => {
    const nodes = [
      node('Shape', 'x', 's'),
      node('Gather', 's zero', 'n'),
      node('Unsqueeze', 'n axis', 'n1'),
      node('Concat', 'n1 rest', 'target', { axis: 0 }),
      node('Reshape', 'x target', 'y'),
    ];
    const constants = { zero: int64Tensor([], [0]), axis: ints(0), rest: ints(-1) };
    expect(shapeOf(['N', 4, 6, 6], nodes, constants)).toEqual(['N', 144]);
  });

  it('are computed with where they are numbers', () => {
    const nodes = [
      node('Shape', 'x', 's'),
      node('Slice', 's two four', 'space'),
      node('Mul', 'space factor', 'larger'),
      node('Slice', 's zero two', 'front'),
      node('Concat', 'front larger', 'sizes', { axis: 0 }),
      node('Resize', 'x _ _ sizes', 'y', { mode: 'nearest' }),
    ];
    const constants = { zero: ints(0), two: ints(2), four: ints(4), factor: ints(2, 2) };
    expect(shapeOf(['N', 3, 5, 7], nodes, constants)).toEqual(['N', 3, 10, 14]);
  });

  it('survive a −1 in Reshape where everything else cancels', () => {
    expect(shapeOf(['N', 4, 4], [node('Reshape', 'x t', 'y')], { t: ints(-1, 16) })).toEqual(['N', 16]);
    expect(shapeOf(['N', 4], [node('Reshape', 'x t', 'y')], { t: ints(-1, 2) })).toEqual([undefined, 2]);
  });

  it('of one name are one, also across a broadcast', () => {
    const proto = modelProto({
      inputs: { x: ['N', 3], z: ['N', 1] },
      nodes: [node('Add', 'x z', 'y')],
      outputs: ['y'],
    });
    expect(graphFromProto(proto).graph.types.get('y')?.dims).toEqual(['N', 3]);
  });

  it('are bound by given input shapes, everywhere', () => {
    const proto = modelProto({
      inputs: { x: ['N', 3], z: ['N', 'K'] },
      nodes: [node('MatMul', 'x w', 'm'), node('Magic', 'm', 'y', {}, 'unknown', 'my')],
      outputs: ['y'],
      constants: { w: weights(3, 5) },
      valueInfo: [valueInfo('y', ['N', 2])],
      opsets: { my: 1 },
    });
    const { types } = inferTypes(graphFromProto(proto).graph, { inputDims: new Map([['x', [4, 3]]]) });
    expect(['m', 'z', 'y'].map((name) => types.get(name)?.dims)).toEqual([
      [4, 5],
      [4, 'K'],
      [4, 2],
    ]);
  });

  it('become a number of choice where none is given', () => {
    const proto = modelProto({ inputs: { x: ['N', undefined, 3] }, nodes: [node('Relu', 'x', 'y')], outputs: ['y'] });
    expect(inferTypes(graphFromProto(proto).graph, { freeDimension: 1 }).types.get('y')?.dims).toEqual([1, 1, 3]);
  });

  it('declared sizes of another batch do not stand in the way', () => {
    const proto = modelProto({
      inputs: { x: [1, 3] },
      nodes: [node('Relu', 'x', 'y')],
      outputs: ['y'],
      valueInfo: [valueInfo('y', [1, 3])],
    });
    const { types, findings } = inferTypes(graphFromProto(proto).graph, { inputDims: new Map([['x', [8, 3]]]) });
    expect([types.get('y')?.dims, findings]).toEqual([[8, 3], []]);
  });
});

describe('the same operator in different operator sets', () => {
  const window = { kernel_shape: [2, 2], strides: [2, 2] };
  it.each([
    ['Squeeze 12 by attribute', [1, 3, 1], node('Squeeze', 'x', 'y', { axes: [0] }), {}, 12, [3, 1]],
    ['Squeeze 13 by input', [1, 3, 1], node('Squeeze', 'x a', 'y'), { a: ints(-1) }, 13, [1, 3]],
    ['Unsqueeze 11 by attribute', [3], node('Unsqueeze', 'x', 'y', { axes: [0, 2] }), {}, 11, [1, 3, 1]],
    ['Unsqueeze 13 by input', [3], node('Unsqueeze', 'x a', 'y'), { a: ints(1) }, 13, [3, 1]],
    ['Slice 9 by attributes', [4, 9], node('Slice', 'x', 'y', { starts: [1], ends: [-1], axes: [1] }), {}, 9, [4, 7]],
    [
      'Slice 10 by inputs',
      [4, 9],
      node('Slice', 'x s e a t', 'y'),
      { s: ints(-1), e: ints(-99), a: ints(1), t: ints(-2) },
      10,
      [4, 5],
    ],
    ['Pad 10 by attribute', [2, 3], node('Pad', 'x', 'y', { pads: [0, 1, 0, 2] }), {}, 10, [2, 6]],
    ['Pad 13 by input', [2, 3], node('Pad', 'x p', 'y'), { p: ints(1, 0, 0, 2) }, 13, [3, 5]],
    ['Pad 18 with axes', [2, 3], node('Pad', 'x p _ a', 'y'), { p: ints(1, 1), a: ints(-1) }, 18, [2, 5]],
    [
      'Upsample 7',
      [1, 1, 2, 3],
      node('Upsample', 'x s', 'y'),
      { s: float32Tensor([4], Float32Array.of(1, 1, 2, 3)) },
      9,
      [1, 1, 4, 9],
    ],
    [
      'Resize 10',
      [1, 1, 2, 3],
      node('Resize', 'x s', 'y'),
      { s: float32Tensor([4], Float32Array.of(1, 1, 2, 3)) },
      10,
      [1, 1, 4, 9],
    ],
    [
      'Resize 13',
      [1, 1, 2, 3],
      node('Resize', 'x _ s', 'y'),
      { s: float32Tensor([4], Float32Array.of(1, 1, 2.6, 3)) },
      13,
      [1, 1, 5, 9],
    ],
    [
      'Resize 18 with axes',
      [1, 1, 2, 3],
      node('Resize', 'x _ _ z', 'y', { axes: [3, 2] }),
      { z: ints(9, 4) },
      18,
      [1, 1, 4, 9],
    ],
    ['ReduceSum 11 by attribute', [2, 3, 4], node('ReduceSum', 'x', 'y', { axes: [1], keepdims: 0 }), {}, 11, [2, 4]],
    ['ReduceSum 13 by input', [2, 3, 4], node('ReduceSum', 'x a', 'y'), { a: ints(1) }, 13, [2, 1, 4]],
    [
      'ReduceMean 17 by attribute',
      [2, 3, 4],
      node('ReduceMean', 'x', 'y', { axes: [-1], keepdims: 0 }),
      {},
      17,
      [2, 3],
    ],
    ['ReduceMean 18 by input', [2, 3, 4], node('ReduceMean', 'x a', 'y', { keepdims: 0 }), { a: ints(-1) }, 18, [2, 3]],
    ['Split 11 by attribute', [2, 6], node('Split', 'x', 'z y', { axis: 1, split: [2, 4] }), {}, 11, [2, 4]],
    [
      'Split 18 with a smaller last part',
      [2, 7],
      node('Split', 'x', 'z y', { axis: 1, num_outputs: 2 }),
      {},
      18,
      [2, 3],
    ],
    ['TopK 9 by attribute', [2, 6], node('TopK', 'x', 'y i', { k: 3 }), {}, 9, [2, 3]],
    ['TopK 11 by input', [2, 6], node('TopK', 'x k', 'y i'), { k: ints(2) }, 11, [2, 2]],
    ['pools round down', [1, 1, 5, 5], node('MaxPool', 'x', 'y', window), {}, 17, [1, 1, 2, 2]],
    [
      'or up, where ceil_mode says so',
      [1, 1, 5, 5],
      node('MaxPool', 'x', 'y', { ...window, ceil_mode: 1 }),
      {},
      17,
      [1, 1, 3, 3],
    ],
    [
      'but never start a window in the padding',
      [1, 1, 4, 4],
      node('MaxPool', 'x', 'y', { kernel_shape: [1, 1], strides: [3, 3], pads: [0, 0, 2, 2], ceil_mode: 1 }),
      {},
      17,
      [1, 1, 2, 2],
    ],
    [
      'SAME keeps ⌈size / stride⌉',
      [1, 1, 5, 5],
      node('AveragePool', 'x', 'y', { ...window, auto_pad: 'SAME_UPPER' }),
      {},
      17,
      [1, 1, 3, 3],
    ],
    ['Flatten at axis 0', [2, 3], node('Flatten', 'x', 'y', { axis: 0 }), {}, 17, [1, 6]],
  ] as const)('%s', (_name, x, own, constants, opset, expected) => {
    expect(shapeOf(x, [own], constants as Record<string, Tensor>, opset)).toEqual(expected);
  });
});

describe('subgraphs', () => {
  const condition = { c: valueInfo('c', [], 'bool') };

  it('of If agree on what both branches give', () => {
    const then_branch = graphProto({ nodes: [node('Relu', 'x', 'r')], outputs: ['r'] });
    const else_branch = graphProto({ nodes: [node('Concat', 'x x', 'r', { axis: 1 })], outputs: ['r'] });
    const nodes = [node('If', 'c', 'y', { then_branch, else_branch })];
    const { graph } = graphFromProto(modelProto({ inputs: { x: [2, 3], ...condition }, nodes, outputs: ['y'] }));
    expect(graph.types.get('y')).toEqual({ dtype: 'float32', dims: [2, undefined] });
  });

  it('of Loop keep the shape of what the body leaves alone, and stack what it scans', () => {
    const body = graphProto({
      inputs: { i: valueInfo('i', [], 'int64'), on: valueInfo('on', [], 'bool'), h: valueInfo('h', undefined) },
      nodes: [
        node('Identity', 'on', 'go'),
        node('Relu', 'h', 'next'),
        node('ReduceSum', 'h', 'total', { keepdims: 0 }),
      ],
      outputs: ['go', 'next', 'total'],
    });
    const nodes = [node('Loop', 'm c x', 'y s', { body })];
    const proto = modelProto({
      inputs: { x: [2, 3], ...condition },
      nodes,
      outputs: ['y', 's'],
      constants: { m: int64Tensor([], [4]) },
    });
    const { types } = graphFromProto(proto).graph;
    expect([types.get('y')?.dims, types.get('s')?.dims]).toEqual([[2, 3], [undefined]]);
  });
});

describe.skipIf(!hasShared)('real networks without any declared shape (needs shared models)', () => {
  /** The model with the types of its inputs only. */
  const stripped = (proto: onnx.ModelProto) => {
    const output = proto.graph!.output.map((info) => changed(info, { type: undefined }));
    return changed(proto, { graph: changed(proto.graph!, { output, value_info: [] }) });
  };
  const folder = shared('models') ?? '';
  it.each(folder === '' ? [] : readdirSync(folder))(
    '%s: every value has a type, and every output the declared shape',
    (file) => {
      const proto = decodeModel(readFileSync(`${folder}/${file}`));
      const { graph, findings } = graphFromProto(stripped(proto));
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      const untyped = graph.nodes.flatMap((own) => own.outputs).filter((name) => name !== '' && !graph.types.has(name));
      expect(untyped).toEqual([]);
      for (const info of proto.graph!.output) {
        const declared = valueTypeFromProto(info.type)!;
        const inferred = graph.types.get(info.name!)!;
        expect(inferred.dtype).toBe(declared.dtype);
        const numbers = (dims: readonly Dimension[] = []) =>
          dims.map((dim, i) => (typeof declared.dims?.[i] === 'number' ? dim : '?'));
        // The voice detector's output depends on which branch of an If its input takes.
        if (file !== 'silero_vad.onnx') expect(numbers(inferred.dims)).toEqual(numbers(declared.dims));
      }
    },
  );

  it('the nine architectures of the ONNX suite', () => {
    const light = conformanceCases().filter(({ suite }) => suite === 'light');
    expect(light.length).toBe(9);
    for (const { name, model } of light) {
      const proto = decodeModel(model);
      const { graph } = graphFromProto(stripped(proto));
      for (const info of proto.graph!.output)
        expect([name, graph.types.get(info.name!)]).toEqual([name, valueTypeFromProto(info.type)]);
    }
  });
});
