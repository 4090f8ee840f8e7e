import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { makeGraph, random } from '../quantize/small.ts';

/** Small networks that together use every integer form. */

const { int, ints, string, float } = attribute;
const conv = (name: string, from: string, to: string, attributes = {}) =>
  makeNode(name, 'Conv', [from, `${name}.w`, `${name}.b`], [to], attributes);
const weights = (name: string, seed: number, dims: readonly number[], scale = 1): Record<string, Tensor> => ({
  [`${name}.w`]: random(seed, dims, scale),
  [`${name}.b`]: random(seed + 50, [dims[0]!], scale),
});
const scalar = (value: number) => float32Tensor([], Float32Array.of(value));

export const zoo: Readonly<Record<string, Graph>> = {
  'convolutions, padded, strided, dilated, grouped': makeGraph({
    inputs: { x: [1, 4, 9, 7] },
    outputs: ['y'],
    constants: {
      ...weights('a', 1, [8, 4, 3, 3]),
      ...weights('b', 2, [8, 1, 3, 3]),
      ...weights('c', 3, [6, 4, 1, 1]),
      ...weights('d', 4, [3, 6, 3, 2]),
      zero: scalar(0),
      six: scalar(6),
    },
    nodes: [
      conv('a', 'x', 'a1', { pads: ints([1, 0, 2, 1]), strides: ints([2, 1]) }),
      makeNode('ar', 'Relu', ['a1'], ['a2']),
      conv('b', 'a2', 'b1', { group: int(8), pads: ints([1, 1, 1, 1]) }),
      makeNode('br', 'Clip', ['b1', 'zero', 'six'], ['b2']),
      conv('c', 'b2', 'c1', { group: int(2) }),
      conv('d', 'c1', 'y', { dilations: ints([2, 1]), pads: ints([2, 0, 2, 1]) }),
    ],
  }),
  'auto_pad and an old Clip': makeGraph({
    opset: 10,
    inputs: { x: [1, 3, 8, 8] },
    outputs: ['y'],
    constants: { ...weights('a', 1, [5, 3, 3, 3]), ...weights('b', 2, [4, 5, 2, 2]) },
    nodes: [
      conv('a', 'x', 'a1', { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }),
      makeNode('ar', 'Clip', ['a1'], ['a2'], { min: float(0), max: float(1.5) }),
      conv('b', 'a2', 'y', { auto_pad: string('SAME_LOWER') }),
    ],
  }),
  'one-dimensional': makeGraph({
    inputs: { x: [1, 3, 20] },
    outputs: ['y'],
    constants: weights('a', 1, [6, 3, 5]),
    nodes: [
      conv('a', 'x', 'a1', { pads: ints([2, 2]), strides: ints([2]) }),
      makeNode('r', 'Relu', ['a1'], ['a2']),
      makeNode('p', 'AveragePool', ['a2'], ['y'], { kernel_shape: ints([3]), strides: ints([2]) }),
    ],
  }),
  'residual with a shared Relu': makeGraph({
    inputs: { x: [1, 4, 6, 6] },
    outputs: ['y'],
    constants: { ...weights('a', 1, [4, 4, 3, 3]), ...weights('b', 2, [4, 4, 3, 3], 0.3) },
    nodes: [
      conv('a', 'x', 'a1', { pads: ints([1, 1, 1, 1]) }),
      makeNode('ar', 'Relu', ['a1'], ['a2']),
      conv('b', 'a2', 'b1', { pads: ints([1, 1, 1, 1]) }),
      makeNode('add', 'Add', ['a2', 'b1'], ['s1']),
      makeNode('sr', 'Relu', ['s1'], ['s2']),
      makeNode('gap', 'GlobalAveragePool', ['s2'], ['g']),
      makeNode('flat', 'Flatten', ['g'], ['y']),
    ],
  }),
  'a Relu of its own': makeGraph({
    inputs: { x: [1, 3, 4, 4] },
    outputs: ['y', 'a1'],
    constants: weights('a', 1, [3, 3, 1, 1]),
    nodes: [conv('a', 'x', 'a1'), makeNode('r', 'Relu', ['a1'], ['y'])],
  }),
  'constants added and multiplied': makeGraph({
    inputs: { x: [1, 3, 5, 5] },
    outputs: ['y'],
    constants: { ...weights('a', 1, [3, 3, 1, 1]), c: random(8, [3, 1, 1]), d: random(9, [1, 3, 1, 1], 2) },
    nodes: [
      conv('a', 'x', 'a1'),
      makeNode('mul', 'Mul', ['a1', 'c'], ['m']),
      makeNode('add', 'Add', ['d', 'm'], ['y']),
    ],
  }),
  'a gate: sigmoid, broadcast product': makeGraph({
    inputs: { x: [1, 4, 5, 5] },
    outputs: ['y'],
    constants: { ...weights('a', 1, [4, 4, 1, 1]), ...weights('b', 2, [4, 4, 1, 1]) },
    nodes: [
      conv('a', 'x', 'a1'),
      makeNode('gap', 'GlobalAveragePool', ['a1'], ['g']),
      conv('b', 'g', 'b1'),
      makeNode('sig', 'Sigmoid', ['b1'], ['s']),
      makeNode('mul', 'Mul', ['a1', 's'], ['m']),
      makeNode('swish', 'HardSwish', ['m'], ['h']),
      makeNode('leaky', 'LeakyRelu', ['h'], ['y'], { alpha: float(0.1) }),
    ],
    opset: 14,
  }),
  'concat, pools': makeGraph({
    inputs: { x: [1, 3, 9, 9] },
    outputs: ['y'],
    constants: {
      ...weights('a', 1, [4, 3, 1, 1]),
      ...weights('b', 2, [2, 3, 3, 3], 4),
      ...weights('c', 3, [3, 6, 1, 1]),
    },
    nodes: [
      conv('a', 'x', 'a1'),
      makeNode('ar', 'Relu', ['a1'], ['a2']),
      conv('b', 'x', 'b1', { pads: ints([1, 1, 1, 1]) }),
      makeNode('br', 'Relu', ['b1'], ['b2']),
      makeNode('cat', 'Concat', ['a2', 'b2'], ['c1'], { axis: int(1) }),
      makeNode('max', 'MaxPool', ['c1'], ['c2'], {
        kernel_shape: ints([3, 3]),
        strides: ints([2, 2]),
        ceil_mode: int(1),
      }),
      makeNode('avg', 'AveragePool', ['c2'], ['c3'], {
        kernel_shape: ints([2, 2]),
        pads: ints([1, 0, 0, 1]),
        count_include_pad: int(1),
      }),
      makeNode('avg2', 'AveragePool', ['c3'], ['c4'], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) }),
      conv('c', 'c4', 'y'),
    ],
  }),
  'data on the move': makeGraph({
    inputs: { x: [1, 4, 4, 6] },
    outputs: ['y', 'z'],
    constants: {
      ...weights('a', 1, [6, 4, 1, 1]),
      ...weights('b', 2, [3, 3, 3, 3]),
      pads: int64Tensor([8], [0, 0, 1, 0, 0, 0, 0, 2]),
      shape: int64Tensor([3], [0, 3, -1]),
      starts: int64Tensor([1], [1]),
      ends: int64Tensor([1], [20]),
      axes: int64Tensor([1], [2]),
      scales: float32Tensor([4], Float32Array.of(1, 1, 2, 2)),
    },
    nodes: [
      conv('a', 'x', 'a1'),
      makeNode('split', 'Split', ['a1'], ['s1', 's2'], { axis: int(1) }),
      makeNode('pad', 'Pad', ['s1', 'pads'], ['p']),
      makeNode('up', 'Resize', ['p', '', 'scales'], ['u'], {
        mode: string('nearest'),
        coordinate_transformation_mode: string('asymmetric'),
        nearest_mode: string('floor'),
      }),
      conv('b', 'u', 'y'),
      makeNode('t', 'Transpose', ['s2'], ['t1'], { perm: ints([0, 1, 3, 2]) }),
      makeNode('r', 'Reshape', ['t1', 'shape'], ['t2']),
      makeNode('sl', 'Slice', ['t2', 'starts', 'ends', 'axes'], ['z']),
    ],
  }),
  'matrix products': makeGraph({
    inputs: { x: [2, 3, 8] },
    outputs: ['y'],
    constants: {
      w: random(1, [8, 5]),
      'g.w': random(2, [7, 15]),
      'g.b': random(3, [7]),
      shape: int64Tensor([2], [2, 15]),
    },
    nodes: [
      makeNode('m', 'MatMul', ['x', 'w'], ['m1']),
      makeNode('r', 'Reshape', ['m1', 'shape'], ['m2']),
      makeNode('g', 'Gemm', ['m2', 'g.w', 'g.b'], ['g1'], { transB: int(1) }),
      makeNode('s', 'Softmax', ['g1'], ['y'], { axis: int(-1) }),
    ],
  }),
  'float in the middle': makeGraph({
    inputs: { x: [1, 4, 4, 4] },
    outputs: ['y'],
    constants: { ...weights('a', 1, [4, 4, 1, 1]), ...weights('b', 2, [2, 4, 1, 1]) },
    nodes: [conv('a', 'x', 'a1'), makeNode('s', 'Softmax', ['a1'], ['s1'], { axis: int(1) }), conv('b', 's1', 'y')],
  }),
};
