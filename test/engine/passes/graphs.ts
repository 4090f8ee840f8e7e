import { attribute, makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Attribute, Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { type Dimension, elementCount, float32Tensor, type Tensor } from '../../../engine/tensor.ts';

export { attribute };

/** Numbers in [-1, 1) that are the same on every machine. */
export function randomNumbers(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function randomTensor(dims: readonly number[], seed = 1): Tensor {
  return float32Tensor(dims, randomNumbers(elementCount(dims), seed));
}

/**
 * A chain or net of nodes written as `[op, inputs, output, attributes]`; nodes are named after their outputs. An operator
 * of another domain is written with it, `com.microsoft.Gelu`.
 */
export function graphOf(description: {
  readonly inputs: Readonly<Record<string, readonly Dimension[]>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly nodes: readonly (readonly [
    op: string,
    inputs: string,
    output: string,
    attributes?: Record<string, Attribute>,
  ])[];
  readonly outputs: readonly string[];
  readonly opset?: number;
}): Graph {
  const nodes: GraphNode[] = description.nodes.map(([op, inputs, output, attributes]) =>
    makeNode(
      `${op}:${output}`,
      op.slice(op.lastIndexOf('.') + 1),
      inputs.split(' ').map((name) => (name === '_' ? '' : name)),
      output.split(' '),
      attributes,
      op.slice(0, Math.max(0, op.lastIndexOf('.'))),
    ),
  );
  const initializers = new Map(Object.entries(description.constants ?? {}));
  const types = new Map(
    Object.entries(description.inputs).map(([name, dims]) => [name, { dtype: 'float32' as const, dims }]),
  );
  const graph: Graph = {
    name: 'test',
    nodes,
    inputs: Object.keys(description.inputs),
    outputs: description.outputs,
    initializers,
    types,
    opsets: new Map([['', description.opset ?? 17]]),
  };
  return { ...graph, types: inferTypes(graph).types };
}

/** Random inputs for a graph, symbolic dimensions taken as 2. */
export function randomInputs(graph: Graph, seed = 7): Map<string, Tensor> {
  return new Map(
    graph.inputs.map((name, i) => {
      const dims = graph.types.get(name)!.dims!.map((dim) => (typeof dim === 'number' ? dim : 2));
      return [name, randomTensor(dims, seed + i)];
    }),
  );
}

/** Largest difference of any output of two graphs on the same inputs, relative to the output's largest magnitude. */
export function outputDifference(before: Graph, after: Graph, inputs = randomInputs(before)): number {
  const expected = evaluateGraph(before, inputs);
  const actual = evaluateGraph(after, inputs);
  let worst = 0;
  for (const [name, tensor] of expected) {
    const a = tensor.data as ArrayLike<number>;
    const b = actual.get(name)!.data as ArrayLike<number>;
    if (a.length !== b.length) return Number.POSITIVE_INFINITY;
    let largest = 1e-30;
    let difference = 0;
    for (let i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i]!));
      difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    }
    worst = Math.max(worst, difference / largest);
  }
  return worst;
}

export function operatorsOf(graph: Graph): string {
  return graph.nodes.map((node) => node.op).join(' ');
}
