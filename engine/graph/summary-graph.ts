import { lazyTensor } from '../lazy-tensor.ts';
import { allocate } from '../operators/shared/numbers.ts';
import { type DataType, elementCount, type Tensor, type ValueType } from '../tensor.ts';
import type { Attribute, Graph, GraphNode } from './graph.ts';
import type { LayerInput, LayerSummary, ModelSummary, SummaryShape } from './summary.ts';

/**
 * The graph that a summary tells of, for questions that need no weights: elements of constants are those that it tells, all others
 * are not known (`untold`); subgraphs are not there, and of constants that are computed from others only what comes of it.
 */
export function graphOfSummary(summary: ModelSummary): Graph {
  const initializers = new Map<string, Tensor>();
  const types = new Map<string, ValueType>();
  const told = [...summary.inputs, ...summary.layers.flatMap((layer) => [...layer.inputs, ...layer.outputs])];
  for (const { name, dtype, shape } of told) {
    if (name === '' || dtype === null) continue;
    types.set(name, shape === null ? { dtype } : { dtype, dims: shape.map((dimension) => dimension ?? undefined) });
  }
  for (const input of summary.layers.flatMap((layer) => layer.inputs)) {
    if (input.kind === 'constant' && !initializers.get(input.name)) initializers.set(input.name, constantOf(input));
  }
  return {
    name: summary.name,
    nodes: summary.layers.map(nodeOf),
    inputs: summary.inputs.map(({ name }) => name),
    outputs: summary.outputs.map(({ name }) => name),
    initializers,
    types,
    opsets: new Map(Object.entries(summary.opsets)),
  };
}

/** A constant of which type and shape alone are known: floats are NaN, and so is what is computed of them; all others are zero. */
export function untold(dtype: DataType, dims: readonly number[]): Tensor {
  if (dtype === 'string') return { dtype, dims, data: [] };
  return lazyTensor(dtype, dims, () => {
    const data = allocate(dtype, elementCount(dims));
    return data instanceof Float32Array || data instanceof Float64Array ? data.fill(Number.NaN) : data;
  });
}

function constantOf({ dtype, shape, values }: LayerInput): Tensor {
  const [type, dims] = [dtype ?? 'float32', knownDims(shape)];
  if (values === undefined) return untold(type, dims);
  const data = allocate(type, values.length);
  // The largest of 64 bits, which stands for “to the end”, lies one beyond as a double.
  if (data instanceof BigInt64Array)
    data.set(values.map((value) => BigInt.asIntN(64, BigInt(value) - (value >= 2 ** 63 ? 1n : 0n))));
  else (data as Float32Array).set(values);
  return { dtype: type, dims, data };
}

/** Dimensions of a constant are known; one that is not counts as 1. */
function knownDims(shape: SummaryShape): readonly number[] {
  return (shape ?? []).map((dimension) => (typeof dimension === 'number' ? dimension : 1));
}

function nodeOf({ name, op, domain, inputs, outputs, attributes, floats = [] }: LayerSummary): GraphNode {
  return {
    name,
    op,
    domain,
    inputs: inputs.map((input) => input.name),
    outputs: outputs.map((output) => output.name),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, attributeOf(value, floats.includes(key))]),
    ),
  };
}

function attributeOf(value: LayerSummary['attributes'][string], isFloat: boolean): Attribute {
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'number') return { kind: isFloat || !Number.isInteger(value) ? 'float' : 'int', value };
  if (value.every((item) => typeof item === 'number')) {
    return { kind: isFloat || !value.every(Number.isInteger) ? 'floats' : 'ints', value };
  }
  return { kind: 'strings', value: value.map(String) };
}
