import { lazyTensor } from '../lazy-tensor.ts';
import { findOperator } from '../operators/registry.ts';
import { isStatic } from '../operators/shared/types.ts';
import type { Tensor } from '../tensor.ts';
import { valuesRead } from './captures.ts';
import { type FoldLimits, isComputable } from './constants.ts';
import type { Graph, GraphNode } from './graph.ts';
import { attributing } from './operator-failure.ts';
import { type ComputedOrigin, rememberComputed } from './origins.ts';

/** Of one step, and steps: more than any weight asks for, and no flood of a hostile file. */
const limits: FoldLimits = { elements: 2 ** 27, macs: 2 ** 32 };
const mostSteps = 64;

/**
 * The graph with codes that its nodes compute of constants (weights in packed bits that are unpacked, a cast of a narrow type) as the
 * constants that they are: whoever looks at a quantised layer finds its codes in one place. They are computed when they are touched; the
 * nodes and constants that nothing else reads are gone. `types` of the graph have to be inferred. The same graph where there are none.
 */
export function withComputedCodes(graph: Graph): Graph {
  const read = graph.nodes.filter(({ op, domain }) => op === 'DequantizeLinear' && domain === '');
  if (read.every(({ inputs }) => graph.initializers.has(inputs[0] ?? ''))) return graph;
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const initializers = new Map(graph.initializers);
  for (const { inputs } of read) {
    const [codes = ''] = inputs;
    const { dtype = 'string', dims } = graph.types.get(codes) ?? {};
    const steps =
      initializers.has(codes) || graph.outputs.includes(codes) ? undefined : stepsTo(codes, producers, graph);
    if (steps === undefined || !isStatic(dims) || dtype === 'string' || !dtype.includes('int')) continue;
    const tensor = lazyTensor(dtype, dims, () => computed(codes, steps, graph).data);
    initializers.set(codes, rememberComputed(tensor, originOf(codes, steps, graph)));
  }
  return initializers.size === graph.initializers.size ? graph : withoutUnread({ ...graph, initializers });
}

/** The nodes that compute a value of constants alone, in their order; undefined where it depends on more than that. */
function stepsTo(value: string, producers: ReadonlyMap<string, GraphNode>, graph: Graph): GraphNode[] | undefined {
  const steps: GraphNode[] = [];
  const seen = new Set<GraphNode>();
  const inferring = {
    type: (name: string) => graph.types.get(name),
    container: () => undefined,
    constant: (name: string) => graph.initializers.get(name),
    dimensions: () => undefined,
    inferSubgraph: () => [],
  };
  const visit = (name: string): boolean => {
    if (name === '' || graph.initializers.has(name)) return true;
    const node = producers.get(name);
    if (node === undefined) return false;
    if (seen.has(node)) return true;
    if (seen.add(node).size > mostSteps) return false;
    const opset = graph.opsets.get(node.domain) ?? 1;
    const operator = findOperator(node.domain, node.op, opset);
    if (!operator || !isComputable(node, operator, { ...inferring, opset }, limits) || !node.inputs.every(visit))
      return false;
    steps.push(node);
    return true;
  };
  return visit(value) ? steps : undefined;
}

function originOf(value: string, nodes: readonly GraphNode[], { initializers, opsets }: Graph): ComputedOrigin {
  const read = nodes.flatMap(({ inputs }) => inputs.filter((name) => initializers.has(name)));
  const constants = new Map(read.map((name) => [name, initializers.get(name)!]));
  return { value, nodes, constants, opset: opsets.get('') };
}

/** @throws FindingError that names the node where one cannot be computed */
function computed(value: string, steps: readonly GraphNode[], { initializers, opsets, types }: Graph): Tensor {
  const known = new Map<string, Tensor>();
  for (const node of steps) {
    const opset = opsets.get(node.domain) ?? 1;
    const inputs = node.inputs.map((name) => known.get(name) ?? initializers.get(name));
    const { evaluate } = findOperator(node.domain, node.op, opset)!;
    const context = { opset, seed: 0, evaluateSubgraph: () => [] };
    const outputs = attributing(
      node,
      (name) => types.get(name),
      () => evaluate!(node, inputs, context),
    );
    for (const [at, output] of node.outputs.entries()) if (outputs[at]) known.set(output, outputs[at]);
  }
  return known.get(value)!;
}

/** Without the nodes whose outputs are constants now and those that only they read, and without the constants of these. */
function withoutUnread(graph: Graph): Graph {
  const reads = new Map<string, number>();
  const count = (value: string, by: number) => reads.set(value, (reads.get(value) ?? 0) + by);
  for (const output of graph.outputs) count(output, 1);
  for (const node of graph.nodes) for (const value of valuesRead(node)) count(value, 1);
  const isGone = (value: string) => graph.initializers.has(value) || (reads.get(value) ?? 0) === 0;
  const loose = new Set<string>();
  const nodes = graph.nodes.toReversed().filter((node) => {
    const leadsToCodes = node.outputs.some((value) => graph.initializers.has(value) || loose.has(value));
    if (!leadsToCodes || !node.outputs.every(isGone)) return true;
    for (const value of valuesRead(node)) {
      count(value, -1);
      loose.add(value);
    }
    return false;
  });
  const initializers = [...graph.initializers].filter(([name]) => !loose.has(name) || reads.get(name) !== 0);
  return { ...graph, nodes: nodes.reverse(), initializers: new Map(initializers) };
}
