import type { Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import type { Choice } from '../plan.ts';
import type { QuantizedTensor } from './assignment.ts';
import type { CodeStore } from './code-store.ts';
import { quantizeParameters } from './weights.ts';

/**
 * Weights of layers that compute in float. They are stacks of matrices, one a direction, [stacks, rows, inputs], in which every row is
 * an output channel: a gate of a hidden unit. Scales are for the rows of all of them, which one axis of DequantizeLinear
 * cannot say of more than one matrix; those are blocks of a view.
 */

/** Dims of the one matrix that a stack is, its matrices one below the other. */
export function stackedRows(dims: readonly number[]): readonly [rows: number, inputs: number] {
  const [stacks, rows, inputs] = dims as readonly [number, number, number];
  return [stacks * rows, inputs];
}

export interface StackTask {
  readonly node: GraphNode;
  /** Index of the input that the weight is. */
  readonly input: number;
  readonly choice: Choice;
  readonly graph: Graph;
  /** Where codes are kept that are not to be worked out again. Default: in memory. */
  readonly store?: CodeStore | undefined;
}

/** Codes of one weight of a layer that computes in float, by the chosen method as far as that needs no data. */
export function quantizeStack({ node, input, choice, graph, store }: StackTask): QuantizedTensor {
  const stack = graph.initializers.get(node.inputs[input]!)!;
  const dims = stackedRows(stack.dims);
  const weight = derivedTensor([stack], 'float32', dims, () => stack.data);
  const parameters = { weight, bias: undefined };
  const held = quantizeParameters({ node, form: { weightAxis: 0 }, choice, parameters, ...(store && { store }) });
  return inStack(held.weight, stack.dims);
}

/** What is said of the matrix, said of the stack. */
function inStack(entry: QuantizedTensor, dims: readonly number[]): QuantizedTensor {
  if (entry.axis === undefined) return entry;
  // Property by property: codes of lazy weights are worked out when they are touched.
  const { axis: _axis, ...rest } = Object.getOwnPropertyDescriptors(entry);
  const [rows, inputs] = stackedRows(dims);
  const own = dims[0] === 1 ? { axis: 1 } : { blocks: { dims: [rows, inputs], block: [1, inputs] } };
  return Object.defineProperties({ ...own }, rest) as typeof own & Omit<QuantizedTensor, 'axis'>;
}
