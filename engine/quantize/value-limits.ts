import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Limits } from '../observers/observer.ts';
import { movesOnly } from '../rescaling/divide.ts';
import { clampOf } from './activations.ts';

const everything: Limits = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** Operators whose values lie between these whatever they are given. */
const bounded: ReadonlyMap<string, Limits> = new Map(
  Object.entries({
    ...{ HardSigmoid: { min: 0, max: 1 }, Sigmoid: { min: 0, max: 1 }, Softmax: { min: 0, max: 1 } },
    ...{ Softsign: { min: -1, max: 1 }, Tanh: { min: -1, max: 1 } },
  }),
);
/** Operators, beside those that only move values, whose values lie between the least and the greatest of their inputs. */
const passing = new Set([
  ...['AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'MaxPool', 'ReduceMax', 'ReduceMean', 'ReduceMin'],
  ...['Concat', 'Dropout', 'Slice', 'Split'],
]);

/**
 * What values of a graph can be at most, by the operators that make them: a Relu6 gives nothing beyond 6, whatever other data
 * holds than calibration saw. Averages count zeros around their input, so limits of what passes through reach to zero.
 */
export function limitsIn(graph: Graph): (value: string) => Limits {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const known = new Map<string, Limits>();
  const limitsOf = (value: string): Limits => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const maker = makers.get(value);
    const limits = maker === undefined ? everything : limitsBy(maker);
    known.set(value, limits);
    return limits;
  };
  const limitsBy = (node: GraphNode): Limits => {
    if (node.domain !== '') return everything;
    if (!passing.has(node.op) && !movesOnly(node)) return bounded.get(node.op) ?? clampOf(node, graph) ?? everything;
    const inputs = node.op === 'Concat' ? node.inputs : node.inputs.slice(0, 1);
    return joined([{ min: 0, max: 0 }, ...inputs.map(limitsOf)]);
  };
  return limitsOf;
}

/** What lies within any of them. */
export function joined(limits: readonly Limits[]): Limits {
  return {
    min: Math.min(...limits.map(({ min }) => min)),
    max: Math.max(...limits.map(({ max }) => max)),
  };
}
