import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { withComputedCodes } from '../../../engine/graph/computed-codes.ts';
import type { GraphNode } from '../../../engine/graph/graph.ts';
import { bytesInFile } from '../../../engine/graph/origins.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { makeGraph } from '../quantize/small.ts';

const int8 = { to: attribute.int(3) };
const narrow: Tensor = { dtype: 'int4', dims: [2, 3], data: Int8Array.of(-8, 7, 0, 1, -1, 3) };
const scale: Tensor = { dtype: 'float32', dims: [], data: Float32Array.of(0.5) };
const dequantize = makeNode('dq', 'DequantizeLinear', ['codes', 'scale'], ['w']);
const product = makeNode('m', 'MatMul', ['x', 'w'], ['y']);

function network(nodes: readonly GraphNode[], outputs: readonly string[] = ['y']) {
  return makeGraph({
    inputs: { x: [1, 2] },
    outputs,
    constants: { narrow, scale },
    nodes: [...nodes, dequantize, product],
    opset: 21,
  });
}

const names = ({ nodes }: { readonly nodes: readonly GraphNode[] }) => nodes.map(({ name }) => name);

describe('codes that nodes compute of constants', () => {
  it('are constants; what nothing else reads is gone', () => {
    const graph = withComputedCodes(network([makeNode('cast', 'Cast', ['narrow'], ['codes'], int8)]));
    expect(names(graph)).toEqual(['dq', 'm']);
    expect([...graph.initializers.keys()].sort()).toEqual(['codes', 'scale']);
    expect(graph.initializers.get('codes')).toMatchObject({ dtype: 'int8', dims: [2, 3], data: narrow.data });
  });

  it('take as many bytes as what they are computed of, where a file has that as constants', () => {
    const size = (nodes: readonly GraphNode[]) =>
      bytesInFile(withComputedCodes(network(nodes)).initializers.get('codes')!);
    expect(size([makeNode('cast', 'Cast', ['narrow'], ['codes'], int8)])).toBe(3);
    expect(size([makeNode('codes', 'Constant', [], ['codes'], { value: attribute.tensor(narrow) })])).toBe(3);
    const constant = makeNode('stored', 'Constant', [], ['stored'], { value: attribute.tensor(narrow) });
    expect(size([constant, makeNode('cast', 'Cast', ['stored'], ['codes'], int8)])).toBe(6);
  });

  it('leave what somebody else reads', () => {
    const cast = makeNode('cast', 'Cast', ['narrow'], ['bytes'], int8);
    const same = makeNode('same', 'Identity', ['bytes'], ['codes']);
    const other = makeNode('other', 'Cast', ['bytes'], ['z'], { to: attribute.int(1) });
    const graph = withComputedCodes(network([cast, same, other], ['y', 'z']));
    expect(names(graph)).toEqual(['cast', 'other', 'dq', 'm']);
    expect([...graph.initializers.keys()].sort()).toEqual(['codes', 'narrow', 'scale']);
  });

  it.each([
    ['are an output of the graph', [makeNode('cast', 'Cast', ['narrow'], ['codes'], int8)], ['y', 'codes']],
    ['depend on an input', [makeNode('cast', 'Cast', ['x'], ['codes'], int8)], ['y']],
    [
      'are drawn',
      [
        makeNode('draw', 'RandomUniform', [], ['drawn'], { shape: attribute.ints([2, 3]) }),
        makeNode('cast', 'Cast', ['drawn'], ['codes'], int8),
      ],
      ['y'],
    ],
    [
      'come of more than 64 nodes',
      [
        makeNode('cast', 'Cast', ['narrow'], ['v0'], int8),
        ...Array.from({ length: 20_000 }, (_, i) =>
          makeNode(`n${i}`, 'Identity', [`v${i}`], [i === 19_999 ? 'codes' : `v${i + 1}`]),
        ),
      ],
      ['y'],
    ],
    [
      'pass through something huge',
      [
        makeNode('size', 'Constant', [], ['size'], { value_ints: attribute.ints([2 ** 20, 2, 3 * 2 ** 10]) }),
        makeNode('expand', 'Expand', ['narrow', 'size'], ['many']),
        makeNode('cast', 'Cast', ['many'], ['codes'], int8),
      ],
      ['y'],
    ],
  ])('stay as they are where they %s', (_, nodes, outputs) => {
    const graph = network(nodes, outputs);
    expect(withComputedCodes(graph)).toBe(graph);
  });

  it('that cannot be computed name the node when they are touched', () => {
    const axis = { axis: attribute.int(0) };
    const gather = makeNode('look', 'Gather', ['narrow', 'far'], ['picked'], axis);
    const cast = makeNode('cast', 'Cast', ['picked'], ['codes'], int8);
    const graph = network([gather, cast]);
    const far: Tensor = { dtype: 'int32', dims: [2], data: Int32Array.of(0, 9) };
    const initializers = new Map([...graph.initializers, ['far', far] as const]);
    const types = new Map([...graph.types, ['far', { dtype: 'int32', dims: [2] }] as const]);
    for (const value of ['picked', 'codes'])
      types.set(value, { dtype: value === 'codes' ? 'int8' : 'int4', dims: [2, 3] });
    const read = withComputedCodes({ ...graph, initializers, types } as typeof graph);
    expect(names(read)).toEqual(['dq', 'm']);
    expect(() => read.initializers.get('codes')!.data).toThrow(/“look”/);
  });
});
