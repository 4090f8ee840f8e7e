import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph, evaluateValues } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { anyTypeToProto } from '../../../engine/graph/value-types.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { optimize } from '../../../engine/passes/index.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { type AnyType, isTensor, type Sequence, type Value } from '../../../engine/value.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { graphProto, modelProto, node, valueInfo } from '../graph/protos.ts';

/** Sequences and optionals as values: between operators, into and out of models, through If and Loop, on kernels beside them. */
let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels({ mode: 'strict' });
});
afterAll(() => kernels.dispose());

const vector = (...values: number[]) => float32Tensor([values.length], Float32Array.from(values));
const at = (position: number) => int64Tensor([], [position]);
const sequence = (...items: Tensor[]): Sequence => ({ kind: 'sequence', dtype: 'float32', items });
const floats: AnyType = { kind: 'sequence', element: { dtype: 'float32' } };
const typed = (name: string, type: AnyType) => new onnx.ValueInfoProto({ name, type: anyTypeToProto(type) });

/** Tensors as arrays, sequences as arrays of them, an optional without a value as null. */
function plain(value: Value): unknown {
  if (isTensor(value)) return Array.from(value.data, Number);
  if (value.kind === 'sequence') return value.items.map(plain);
  return value.value === undefined ? null : plain(value.value);
}

/** Outputs by the reference evaluation, which those after the passes and those on kernels must equal. */
async function outputsOf(graph: Graph, inputs: Readonly<Record<string, Value>>): Promise<Record<string, unknown>> {
  const given = new Map(Object.entries(inputs));
  const results = [evaluateValues(graph, given), evaluateValues(optimize(graph).graph, given)];
  const program = await compile(graph, { mode: 'strict', kernels });
  results.push(new Map(await program.runValues(given)));
  program.dispose();
  const [first, ...others] = results.map((outputs) =>
    Object.fromEntries(Array.from(outputs, ([name, value]) => [name, plain(value)])),
  );
  for (const other of others) expect(other).toEqual(first);
  return first!;
}

function graphOf(parts: Parameters<typeof modelProto>[0]): Graph {
  return graphFromProto(modelProto({ opset: 18, ...parts })).graph;
}

describe('sequences', () => {
  it('are made, changed and read by position, from the end below 0', async () => {
    const graph = graphOf({
      inputs: { x: [2], z: [1] },
      constants: { first: at(0), last: at(-1) },
      nodes: [
        node('SequenceConstruct', 'x z', 's'),
        node('SequenceInsert', 's z first', 'longer'),
        node('SequenceErase', 'longer last', 'shorter'),
        node('SequenceErase', 'longer', 'same'),
        node('SequenceLength', 'longer', 'n'),
        node('SequenceAt', 'longer last', 'y'),
        node('Identity', 'longer', 'copy'),
      ],
      outputs: ['n', 'y', 'shorter', 'same', 'copy'],
    });
    expect(await outputsOf(graph, { x: vector(1, 2), z: vector(3) })).toEqual({
      n: [3],
      y: [3],
      shorter: [[3], [1, 2]],
      same: [[3], [1, 2]],
      copy: [[3], [1, 2], [3]],
    });
  });

  it('go into a model and come out of it, with layers on kernels between', async () => {
    const graph = graphOf({
      inputs: { s: typed('s', floats) },
      constants: { zero: at(0), one: at(1) },
      nodes: [
        node('SequenceAt', 's zero', 'a'),
        node('SequenceAt', 's one', 'b'),
        node('Add', 'a b', 'sum'),
        node('Relu', 'sum', 'r'),
        node('SequenceInsert', 's r', 'out'),
      ],
      outputs: ['out'],
    });
    const s = sequence(vector(1, -5), vector(2, 3));
    expect(await outputsOf(graph, { s })).toEqual({
      out: [
        [1, -5],
        [2, 3],
        [3, 0],
      ],
    });
    expect(graph.containers?.get('out')).toEqual({ kind: 'sequence', element: { dtype: 'float32' } });
    expect(graph.types.get('r')).toEqual({ dtype: 'float32' });
  });

  it('are cut from a tensor and joined to one', async () => {
    const graph = graphOf({
      inputs: { x: [3, 2] },
      constants: { two: at(2), sizes: int64Tensor([2], [1, 2]) },
      nodes: [
        node('SplitToSequence', 'x', 'rows', { keepdims: 0 }),
        node('SplitToSequence', 'x two', 'pairs'),
        node('SplitToSequence', 'x sizes', 'parts'),
        node('ConcatFromSequence', 'rows', 'columns', { axis: 1, new_axis: 1 }),
        node('ConcatFromSequence', 'pairs', 'again', { axis: 0 }),
      ],
      outputs: ['rows', 'pairs', 'parts', 'columns', 'again'],
    });
    const x = float32Tensor([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(await outputsOf(graph, { x })).toEqual({
      rows: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      pairs: [
        [1, 2, 3, 4],
        [5, 6],
      ],
      parts: [
        [1, 2],
        [3, 4, 5, 6],
      ],
      columns: [1, 3, 5, 2, 4, 6],
      again: [1, 2, 3, 4, 5, 6],
    });
    expect(graph.containers?.get('rows')).toEqual({ kind: 'sequence', element: { dtype: 'float32', dims: [2] } });
    expect(graph.types.get('columns')?.dims).toEqual([2, undefined]);
  });

  it('are mapped position by position, beside tensors that stay the same', async () => {
    const body = graphProto({ inputs: { a: [1], b: [1] }, nodes: [node('Add', 'a b', 'c')], outputs: ['c'] });
    const graph = graphOf({
      inputs: { s: typed('s', floats), z: [1] },
      nodes: [node('SequenceMap', 's z', 'mapped', { body }), node('SequenceMap', 's mapped', 'doubled', { body })],
      outputs: ['mapped', 'doubled'],
    });
    expect(await outputsOf(graph, { s: sequence(vector(1), vector(2)), z: vector(10) })).toEqual({
      mapped: [[11], [12]],
      doubled: [[12], [14]],
    });
    expect(await outputsOf(graph, { s: sequence(), z: vector(10) })).toEqual({ mapped: [], doubled: [] });
  });

  it('grow in a Loop and come out of either branch of an If', async () => {
    const body = graphProto({
      inputs: {
        i: valueInfo('i', [], 'int64'),
        c: valueInfo('c', [], 'bool'),
        s: typed('s', floats),
      },
      nodes: [node('Identity', 'c', 'again'), node('Cast', 'i', 'f', { to: 1 }), node('SequenceInsert', 's f', 'next')],
      outputs: ['again', 'next'],
    });
    const graph = graphOf({
      inputs: { n: valueInfo('n', [], 'int64'), c: valueInfo('c', [], 'bool') },
      nodes: [
        node('SequenceEmpty', '', 'empty'),
        node('Loop', 'n _ empty', 'grown', { body }),
        node('If', 'c', 'y', {
          then_branch: graphProto({ nodes: [node('Identity', 'grown', 't')], outputs: ['t'] }),
          else_branch: graphProto({ nodes: [node('SequenceErase', 'grown', 'e')], outputs: ['e'] }),
        }),
      ],
      outputs: ['y'],
    });
    const flag = (value: number): Tensor => ({ dtype: 'bool', dims: [], data: Uint8Array.of(value) });
    expect(await outputsOf(graph, { n: at(3), c: flag(1) })).toEqual({ y: [[0], [1], [2]] });
    expect(await outputsOf(graph, { n: at(3), c: flag(0) })).toEqual({ y: [[0], [1]] });
    expect(graph.containers?.get('y')).toEqual(floats);
  });

  it('keep their type in the file', () => {
    const own = modelProto({
      opset: 18,
      inputs: { s: typed('s', { kind: 'optional', element: floats as never }) },
      nodes: [node('OptionalGetElement', 's', 'y')],
      outputs: ['y'],
    });
    const again = graphFromProto(decodeModel(encodeModel(modelToProto(graphFromProto(own)))));
    expect(again.graph.containers?.get('s')).toEqual({ kind: 'optional', element: floats });
    expect(again.graph.containers?.get('y')).toEqual(floats);
    expect(again.findings).toEqual([]);
  });
});

describe('optionals', () => {
  const type = new onnx.AttributeProto({
    name: 'type',
    type: onnx.AttributeProto.AttributeType.TYPE_PROTO,
    tp: anyTypeToProto({ dtype: 'float32', dims: [2] }),
  });

  it('hold a tensor, a sequence or nothing, and say which', async () => {
    const graph = graphOf({
      inputs: { x: [2] },
      nodes: [
        node('Optional', 'x', 'full'),
        node('Optional', '', 'empty', { type }),
        node('OptionalHasElement', 'full', 'yes'),
        node('OptionalHasElement', 'empty', 'no'),
        node('OptionalHasElement', '', 'absent'),
        node('OptionalHasElement', 'x', 'itself'),
        node('OptionalGetElement', 'full', 'y'),
      ],
      outputs: ['full', 'empty', 'yes', 'no', 'absent', 'itself', 'y'],
    });
    expect(await outputsOf(graph, { x: vector(1, 2) })).toEqual({
      full: [1, 2],
      empty: null,
      yes: [1],
      no: [0],
      absent: [0],
      itself: [1],
      y: [1, 2],
    });
    expect(graph.containers?.get('empty')).toEqual({ kind: 'optional', element: { dtype: 'float32', dims: [2] } });
    expect(graph.types.get('y')).toEqual({ dtype: 'float32', dims: [2] });
  });

  it('without a value are a finding where one is needed', () => {
    const graph = graphOf({
      nodes: [node('Optional', '', 'empty', { type }), node('OptionalGetElement', 'empty', 'y')],
      outputs: ['y'],
    });
    expect(codeOf(() => evaluateValues(graph, new Map()))).toBe('run/empty-optional');
  });
});

describe('what does not fit is a finding', () => {
  const run = (parts: Parameters<typeof modelProto>[0], inputs: Readonly<Record<string, Value>>) =>
    codeOf(() => evaluateValues(graphOf(parts), new Map(Object.entries(inputs))));
  const inputs = { s: typed('s', floats) };
  const s = sequence(vector(1), vector(2));

  it.each([
    [-3, 'run/position'],
    [-2, undefined],
    [1, undefined],
    [2, 'run/position'],
  ])('position %i of two: %s', (position, code) => {
    const parts = {
      inputs,
      constants: { p: at(position) },
      nodes: [node('SequenceAt', 's p', 'y')],
      outputs: ['y'],
    };
    expect(run(parts, { s })).toBe(code);
  });

  it('a sequence where an operator takes tensors, and a tensor where it takes a sequence', () => {
    expect(run({ inputs, nodes: [node('Relu', 's', 'y')], outputs: ['y'] }, { s })).toBe('model/type');
    expect(
      run({ inputs: { x: [1] }, nodes: [node('SequenceLength', 'x', 'y')], outputs: ['y'] }, { x: vector(1) }),
    ).toBe('model/type');
  });

  it('a tensor of another type in a sequence, and sequences of two lengths', () => {
    const insert = {
      inputs: { ...inputs, x: valueInfo('x', [], 'int64') },
      nodes: [node('SequenceInsert', 's x', 'y')],
    };
    expect(run({ ...insert, outputs: ['y'] }, { s, x: at(1) })).toBe('model/type');
    const body = graphProto({ inputs: { a: [1], b: [1] }, nodes: [node('Add', 'a b', 'c')], outputs: ['c'] });
    const map = { inputs: { ...inputs, r: typed('r', floats) }, nodes: [node('SequenceMap', 's r', 'y', { body })] };
    expect(run({ ...map, outputs: ['y'] }, { s, r: sequence(vector(1)) })).toBe('run/sequence-lengths');
  });

  it('tensors that cannot be joined, or none', () => {
    const parts = { inputs, nodes: [node('ConcatFromSequence', 's', 'y', { axis: 0, new_axis: 1 })], outputs: ['y'] };
    expect(run(parts, { s: sequence(vector(1), vector(2, 3)) })).toBe('model/shape');
    expect(run(parts, { s: sequence() })).toBe('run/empty-sequence');
  });

  it('an input of another kind than the model wants, and an output that is no tensor where only those are taken', () => {
    const parts = { inputs, nodes: [node('Identity', 's', 'y')], outputs: ['y'] };
    expect(run(parts, { s: vector(1) })).toBe('run/input-type');
    const tensors = graphOf({ inputs: { x: [1] }, nodes: [node('SequenceConstruct', 'x', 'y')], outputs: ['y'] });
    expect(codeOf(() => evaluateGraph(tensors, new Map([['x', vector(1)]])))).toBe('run/not-a-tensor');
  });
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof FindingError) return error.finding.code;
    throw error;
  }
}
