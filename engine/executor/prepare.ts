import { evaluateConstant, type FoldLimits } from '../graph/constants.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import { findOperator } from '../operators/registry.ts';
import { isStatic } from '../operators/shared/types.ts';
import type { Tensor } from '../tensor.ts';
import { decomposeAll } from './decompose.ts';
import type { StaticType } from './lowering.ts';

/** A graph with everything that is known of it before it runs. */
export interface PreparedGraph {
  /** Only the nodes that have something to compute for each input. */
  readonly graph: Graph;
  /** Nodes that are written out as several, by their name, which their parts have too. */
  readonly whole: ReadonlyMap<string, GraphNode>;
  /** Why nodes of composed operators were not written out. */
  readonly declined: ReadonlyMap<string, string>;
  /** Nodes whose outputs are constants. */
  readonly folded: readonly GraphNode[];
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
  opset(node: GraphNode): number;
}

/** What may be computed while compiling: dequantised weights of large models, but no loop of a hostile one. */
const limits: FoldLimits = { elements: 2 ** 26, macs: 2 ** 32 };

/**
 * Concrete shapes (open dimensions are 1) and, with `fold`, compositions written out and the constants that follow from
 * the initializers.
 */
export function prepare(
  model: Graph,
  inputDims: ReadonlyMap<string, readonly number[]> | undefined,
  fold: boolean,
): PreparedGraph {
  const options = { freeDimension: 1, ...(inputDims && { inputDims }) };
  const { graph, whole, declined, types, constants } = fold
    ? decomposeAll(model, options)
    : { graph: model, whole: new Map(), declined: new Map(), ...inferTypes(model, options) };
  const computed = new Map<string, Tensor>(constants);
  const constant = (value: string) => graph.initializers.get(value) ?? computed.get(value);
  const opset = (node: GraphNode) => graph.opsets.get(node.domain) ?? 1;
  const isKnown = (node: GraphNode) => node.outputs.every((value) => value === '' || constant(value));
  const context = {
    type: (value: string) => types.get(value),
    container: () => undefined,
    constant,
    dimensions: () => undefined,
    inferSubgraph: () => [],
  };
  for (const node of fold ? graph.nodes : []) {
    if (isKnown(node)) continue;
    const operator = findOperator(node.domain, node.op, opset(node));
    if (!operator) continue;
    const values = evaluateConstant(node, operator, opset(node), { ...context, opset: opset(node) }, limits);
    node.outputs.forEach((name, index) => {
      if (name !== '' && values?.[index]) computed.set(name, values[index]);
    });
  }
  return {
    graph: { ...graph, types, nodes: graph.nodes.filter((node) => !isKnown(node)) },
    whole,
    declined,
    folded: graph.nodes.filter(isKnown),
    constant,
    opset,
    type(value) {
      const known = types.get(value);
      return known && isStatic(known.dims) ? { dtype: known.dtype, dims: known.dims } : undefined;
    },
  };
}
