import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../engine/graph/graph.ts';
import { upgradeOpset } from '../../../engine/passes/index.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { attribute, graphOf, operatorsOf, outputDifference, randomTensor } from './graphs.ts';

const { int, ints, float, floats, string } = attribute;
const image = { x: [1, 4, 6, 6] as const };
const scales = float32Tensor([4], Float32Array.of(1, 1, 2, 1.5));

/** Old form, what the operators are called at 21 and how many inputs the first of them has then. */
const cases: readonly (readonly [name: string, old: Graph, operators: string])[] = [
  [
    'Clip: bounds become inputs',
    graphOf({
      inputs: image,
      nodes: [['Clip', 'x', 'y', { min: float(-0.5), max: float(0.25) }]],
      outputs: ['y'],
      opset: 7,
    }),
    'Clip',
  ],
  [
    'Clip with one bound',
    graphOf({ inputs: image, nodes: [['Clip', 'x', 'y', { max: float(0.25) }]], outputs: ['y'], opset: 10 }),
    'Clip',
  ],
  [
    'Dropout at inference is Identity',
    graphOf({ inputs: image, nodes: [['Dropout', 'x', 'y', { ratio: float(0.5) }]], outputs: ['y'], opset: 7 }),
    'Identity',
  ],
  [
    'Softmax over several axes keeps its meaning',
    graphOf({ inputs: image, nodes: [['Softmax', 'x', 'y', { axis: int(2) }]], outputs: ['y'], opset: 7 }),
    'Shape Flatten Softmax Reshape',
  ],
  [
    'Softmax over the last axis needs no detour',
    graphOf({ inputs: { x: ['N', 10] }, nodes: [['Softmax', 'x', 'y']], outputs: ['y'], opset: 9 }),
    'Softmax',
  ],
  [
    'Softmax before trailing ones needs none either',
    graphOf({ inputs: { x: [2, 10, 1, 1] }, nodes: [['LogSoftmax', 'x', 'y']], outputs: ['y'], opset: 11 }),
    'LogSoftmax',
  ],
  [
    'Squeeze and Unsqueeze: axes become inputs',
    graphOf({
      inputs: { x: [2, 1, 3] },
      nodes: [
        ['Squeeze', 'x', 's', { axes: ints([1]) }],
        ['Unsqueeze', 's', 'y', { axes: ints([0, 3]) }],
      ],
      outputs: ['y'],
      opset: 11,
    }),
    'Squeeze Unsqueeze',
  ],
  [
    'ReduceSum and ReduceMean: axes become inputs',
    graphOf({
      inputs: image,
      nodes: [
        ['ReduceSum', 'x', 's', { axes: ints([2]), keepdims: int(1) }],
        ['ReduceMean', 's', 'y', { axes: ints([1, 3]), keepdims: int(0) }],
      ],
      outputs: ['y'],
      opset: 9,
    }),
    'ReduceSum ReduceMean',
  ],
  [
    'Slice: starts, ends and axes become inputs',
    graphOf({
      inputs: image,
      nodes: [['Slice', 'x', 'y', { starts: ints([1, 2]), ends: ints([3, -1]), axes: ints([1, 3]) }]],
      outputs: ['y'],
      opset: 9,
    }),
    'Slice',
  ],
  [
    'Pad: pads and value become inputs',
    graphOf({
      inputs: image,
      nodes: [['Pad', 'x', 'y', { pads: ints([0, 0, 1, 2, 0, 0, 0, 1]), value: float(0.5) }]],
      outputs: ['y'],
      opset: 10,
    }),
    'Pad',
  ],
  [
    'TopK: k becomes an input',
    graphOf({
      inputs: { x: [3, 8] },
      nodes: [['TopK', 'x', 'y i', { k: int(2), axis: int(1) }]],
      outputs: ['y'],
      opset: 9,
    }),
    'TopK',
  ],
  [
    'Split: sizes become an input',
    graphOf({
      inputs: image,
      nodes: [['Split', 'x', 'a y', { axis: int(1), split: ints([1, 3]) }]],
      outputs: ['y'],
      opset: 11,
    }),
    'Split',
  ],
  [
    'Split in equal parts says how many',
    graphOf({ inputs: image, nodes: [['Split', 'x', 'a y', { axis: int(1) }]], outputs: ['y'], opset: 11 }),
    'Split',
  ],
  [
    'Upsample becomes Resize',
    graphOf({
      inputs: image,
      nodes: [['Upsample', 'x', 'y', { mode: string('nearest'), scales: floats([1, 1, 2, 2]) }]],
      outputs: ['y'],
      opset: 7,
    }),
    'Resize',
  ],
  [
    'Resize-10 measures from the corner',
    graphOf({
      inputs: image,
      constants: { scales },
      nodes: [['Resize', 'x scales', 'y', { mode: string('linear') }]],
      outputs: ['y'],
      opset: 10,
    }),
    'Resize',
  ],
  [
    'BatchNormalization loses its training outputs',
    graphOf({
      inputs: image,
      constants: {
        g: randomTensor([4], 1),
        b: randomTensor([4], 2),
        m: randomTensor([4], 3),
        v: float32Tensor([4], Float32Array.of(1, 2, 3, 4)),
      },
      nodes: [['BatchNormalization', 'x g b m v', 'y', { spatial: int(1) }]],
      outputs: ['y'],
      opset: 7,
    }),
    'BatchNormalization',
  ],
];

describe('upgradeOpset', () => {
  test.each(cases)('%s', (_, old, operators) => {
    const raised = upgradeOpset(old, 21);
    expect(raised.opsets.get('')).toBe(21);
    expect(operatorsOf(raised)).toBe(operators);
    expect(outputDifference(old, raised)).toBe(0);
  });

  test('a graph that is new enough comes back as it is', () => {
    const graph = graphOf({ inputs: image, nodes: [['Relu', 'x', 'y']], outputs: ['y'], opset: 17 });
    expect(upgradeOpset(graph, 13)).toBe(graph);
  });

  test('names of layers stay', () => {
    const graph = graphOf({
      inputs: image,
      nodes: [['Softmax', 'x', 'y', { axis: int(2) }]],
      outputs: ['y'],
      opset: 7,
    });
    expect(upgradeOpset(graph, 21).nodes.find((node) => node.op === 'Softmax')?.name).toBe('Softmax:y');
  });

  test('operator sets below 7 are refused with a way out', () => {
    const graph = graphOf({ inputs: image, nodes: [['Relu', 'x', 'y']], outputs: ['y'], opset: 6 });
    expect(() => upgradeOpset(graph, 13)).toThrow(/version converter/);
  });
});
