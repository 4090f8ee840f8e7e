import type { Tensor, ValueType } from '../tensor.ts';
import type { Attribute, Graph, GraphNode } from './graph.ts';
import type { LayerSummary, ModelSummary, SummaryShape } from './summary.ts';

/** Elements of every constant: whoever asks for one is told of zero. */
const oneZero = new Float32Array(1);

/**
 * The graph that a summary tells of, for questions that need no weights: constants have shapes and no
 * elements but one zero; subgraphs are not there.
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
    if (input.kind !== 'constant') continue;
    initializers.set(input.name, { dtype: input.dtype ?? 'float32', dims: knownDims(input.shape), data: oneZero });
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

/** Dimensions of a constant are known; one that is not counts as 1. */
function knownDims(shape: SummaryShape): readonly number[] {
  return (shape ?? []).map((dimension) => (typeof dimension === 'number' ? dimension : 1));
}

function nodeOf({ name, op, domain, inputs, outputs, attributes }: LayerSummary): GraphNode {
  return {
    name,
    op,
    domain,
    inputs: inputs.map((input) => input.name),
    outputs: outputs.map((output) => output.name),
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
  };
}

/** A summary does not tell a whole float from an int; what asks for one of the two by kind is not asked here. */
function attributeOf(value: LayerSummary['attributes'][string]): Attribute {
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'int' : 'float', value };
  if (value.every((item) => typeof item === 'number')) {
    return { kind: value.every(Number.isInteger) ? 'ints' : 'floats', value };
  }
  return { kind: 'strings', value: value.map(String) };
}
