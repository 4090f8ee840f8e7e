import type { Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { type Moments, seesData } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import type { Choice } from '../plan.ts';
import type { Tensor } from '../tensor.ts';
import { edgeKey, type QuantizedTensor } from './assignment.ts';
import type { CodeStore } from './code-store.ts';
import type { VectorSource } from './input-vectors.ts';
import type { HeldWeight, WeightRole } from './integer-form.ts';
import { recurrentVectors } from './recurrent-vectors.ts';
import { transposedVectors } from './transposed-vectors.ts';
import { quantizeParameters, takesFormat } from './weights.ts';

/**
 * Weights of layers that compute in float. Those of recurrent ones are stacks of matrices, one a direction, [stacks, rows, inputs], in
 * which every row is an output channel: a gate of a hidden unit. Scales are for the rows of all of them, which one axis of
 * DequantizeLinear cannot say of more than one matrix; those are blocks of a view.
 */

/** Dims of the one matrix that a stack is, its matrices one below the other. */
export function stackedRows(dims: readonly number[]): readonly [rows: number, inputs: number] {
  const [stacks, rows, inputs] = dims as readonly [number, number, number];
  return [stacks * rows, inputs];
}

/** Goes by moments of what weights are multiplied with, and by nothing that a layer makes of the products. */
const byMoments = 'coordinate-descent';

/**
 * The choice by which such weights get their codes: of methods that go by a layer's answers, the one takes the place that goes by what is
 * multiplied, where it takes the format; those that scale channels or correct biases leave rounding.
 */
export function choiceOfHeld(choice: Choice): Choice {
  const { method, ...rounded } = choice;
  const wanted = method && methodNamed(method.name);
  if (wanted === undefined || !seesData(wanted)) return choice;
  const takes = takesFormat({}, choice) && choice.granularity === 'per-channel';
  const isOne = wanted.name === byMoments || wanted.needs === 'samples';
  return takes && isOne ? { ...rounded, method: { name: byMoments, arguments: {} } } : rounded;
}

/** Whether codes of such weights are chosen by moments of what they are multiplied with. */
export function isByMoments(choice: Choice): boolean {
  return choiceOfHeld(choice).method?.name === byMoments;
}

/** Under which moments of a weight's vectors are kept: the first of a node under the node's name. */
export function momentsName(node: string, role: WeightRole): string {
  return role === 'weight' ? node : edgeKey(node, role);
}

/** Where what a held weight is multiplied with can be seen; undefined where nothing of it is looked at. */
export function heldVectors(node: GraphNode, held: HeldWeight, graph: Graph): VectorSource | undefined {
  const { dims } = graph.initializers.get(node.inputs[held.input]!)!;
  if (held.weightAxis === undefined) return recurrentVectors(node, held.role, stackedRows(dims)[1]);
  return node.op === 'ConvTranspose' && intAttribute(node, 'group', 1) === 1
    ? transposedVectors(node, dims)
    : undefined;
}

export interface HeldTask {
  readonly node: GraphNode;
  readonly held: HeldWeight;
  readonly choice: Choice;
  readonly graph: Graph;
  /** Of the vectors that it is multiplied with. */
  readonly moments?: Moments | undefined;
  /** Where codes are kept that are not to be worked out again. Default: in memory. */
  readonly store?: CodeStore | undefined;
}

/** Codes of one weight of a layer that computes in float, by the chosen method as far as that needs no data. */
export function quantizeHeld({ node, held, choice, graph, moments, store }: HeldTask): QuantizedTensor {
  const stored = graph.initializers.get(node.inputs[held.input]!)!;
  const given = { node, choice, ...(moments && { moments }), ...(store && { store }) };
  const quantized = (weight: Tensor, weightAxis: number) =>
    quantizeParameters({ ...given, form: { weightAxis }, parameters: { weight, bias: undefined } }).weight;
  if (held.weightAxis !== undefined) return quantized(stored, held.weightAxis);
  const matrix = derivedTensor([stored], 'float32', stackedRows(stored.dims), () => stored.data);
  return inStack(quantized(matrix, 0), stored.dims);
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
