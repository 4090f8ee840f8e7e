import type { Graph, GraphNode, Model } from '../../engine/graph/graph.ts';
import { inferTypes } from '../../engine/graph/infer.ts';
import { elementCount, float32Tensor, type Tensor } from '../../engine/tensor.ts';

/** Models that are written in code: float32 inputs, random constants. */
export interface Sketch {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly string[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly GraphNode[];
  readonly opset: number;
}

export function graphOf({ inputs, outputs, constants, nodes, opset }: Sketch): Graph {
  const types = new Map(Object.entries(inputs).map(([name, dims]) => [name, { dtype: 'float32' as const, dims }]));
  const graph: Graph = {
    name: 'benchmark',
    nodes,
    inputs: Object.keys(inputs),
    outputs,
    initializers: new Map(constants),
    types,
    opsets: new Map([['', opset]]),
  };
  return { ...graph, types: inferTypes(graph).types };
}

export function modelOf(graph: Graph): Model {
  return { graph, irVersion: 8, producerName: 'qspec', producerVersion: '', metadata: new Map(), findings: [] };
}

/** Pseudo-random numbers in [−scale, scale) (a 32-bit linear congruential generator). */
export function randomTensor(dims: readonly number[], seed: number, scale = 1): Tensor {
  let state = seed | 0;
  const data = Float32Array.from({ length: elementCount(dims) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (scale * state) / 2147483648;
  });
  return float32Tensor(dims, data);
}
