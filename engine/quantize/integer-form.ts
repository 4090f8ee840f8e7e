import type { Graph, GraphNode } from '../graph/graph.ts';
import { findOperator } from '../operators/registry.ts';
import { intAttribute, intsAttribute, stringAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { Tensor } from '../tensor.ts';

/** How a node runs on codes: what `assign` decides over and `readings/integer.ts` turns into integer operators. */
export interface IntegerForm {
  readonly kind: 'compute' | 'same-scale' | 'elementwise' | 'activation';
  /** Inputs that carry activations; the others are constants, shapes, indices. */
  readonly data: readonly number[];
  /** Inputs of a `compute` node. */
  readonly weight?: number;
  readonly bias?: number;
  /** Axis of the weight along which output channels lie. */
  readonly weightAxis?: number;
}

/** Index of the input that is a product's bias. */
export function biasInput({ domain, op }: GraphNode, graph: Graph): number | undefined {
  const role = findOperator(domain, op, graph.opsets.get(domain) ?? 1)?.quantization;
  return role?.kind === 'compute' ? role.bias : undefined;
}

/** Functions of one activation, element by element: a table over its codes. */
const pointwise = new Set(['Elu', 'Gelu', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'QuickGelu', 'Sigmoid', 'Tanh']);

/** Why a node cannot run on codes, as the end of the sentence “stays float: …”. */
export interface NoIntegerForm {
  readonly reason: string;
  /** Weights that codes hold although the node computes in float. */
  readonly held?: readonly HeldWeight[];
}

/** What a weight is called in an Assignment; `recurrent` is the second one of a recurrent layer. */
export type WeightRole = 'weight' | 'recurrent';

/** An input that holds weights. */
export interface HeldWeight {
  readonly role: WeightRole;
  readonly input: number;
  /** Axis along which output channels lie; absent: they are rows of the matrices that a recurrent layer stacks. */
  readonly weightAxis?: number;
}

/** Inputs of a node that may hold weights in codes, whether or not they do in this graph. */
export function weightInputs(node: GraphNode, graph: Graph): readonly HeldWeight[] {
  const { domain, op } = node;
  const role = findOperator(domain, op, graph.opsets.get(domain) ?? 1)?.quantization;
  switch (role?.kind) {
    case 'compute':
      return [{ role: 'weight', input: role.weight, weightAxis: role.weightAxis(node) }];
    case 'weight-only':
      return [
        { role: 'weight', input: role.weight },
        { role: 'recurrent', input: role.recurrent },
      ];
    default:
      return [];
  }
}

/** The node's integer form in this graph; constants it needs must be initializers by now. */
export function integerForm(node: GraphNode, graph: Graph): IntegerForm | NoIntegerForm {
  const operator = findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1);
  const role = operator?.quantization;
  if (role === undefined) return { reason: `${node.op} has no integer form` };
  if (role.kind === 'weight-only') return weightOnly(node, graph);
  if (node.outputs.slice(1).some((value) => value !== '') && node.op !== 'Split')
    return { reason: `its second output is in use` };
  switch (role.kind) {
    case 'compute':
      return computeForm(node, graph, role.weight, role.bias, role.weightAxis(node));
    case 'same-scale':
      return sameScaleForm(node, graph);
    case 'elementwise':
      return elementwiseForm(node, graph);
    case 'activation':
      return { kind: 'activation', data: [0] };
  }
}

/** Rank of a value; −1 when unknown. */
function rankOf(graph: Graph, value: string | undefined): number {
  return value === undefined ? -1 : (graph.types.get(value)?.dims?.length ?? -1);
}

/** Runtimes have no integer kernels for the operator, but its weights need not be floats in the file. */
function weightOnly(node: GraphNode, graph: Graph): NoIntegerForm {
  const held = weightInputs(node, graph);
  for (const { input } of held) {
    const stored = storedWeight(node, graph, input);
    if ('reason' in stored) return stored;
  }
  return { reason: `runtimes have no integer ${node.op}${andSo}`, held };
}

const andSo = ', so it is quantised weight-only';

function storedWeight({ inputs }: GraphNode, graph: Graph, index: number): Tensor | NoIntegerForm {
  const weight = graph.initializers.get(inputs[index] ?? '');
  if (weight === undefined) return { reason: 'its weight is computed by the model, not stored in it' };
  return weight.dtype === 'float32' ? weight : { reason: `its weight is ${weight.dtype}, not float32` };
}

function computeForm(
  node: GraphNode,
  graph: Graph,
  weight: number,
  bias: number | undefined,
  weightAxis: number,
): IntegerForm | NoIntegerForm {
  const weights = storedWeight(node, graph, weight);
  if ('reason' in weights) return weights;
  const biasValue = bias === undefined ? undefined : node.inputs[bias];
  if (biasValue !== undefined && biasValue !== '' && !graph.initializers.has(biasValue))
    return { reason: 'its bias is computed by the model, not stored in it' };
  const form: IntegerForm = { kind: 'compute', data: [0], weight, weightAxis, ...(bias !== undefined && { bias }) };
  const weightOnly = (reason: string): NoIntegerForm => ({
    reason: `${reason}${andSo}`,
    held: [{ role: 'weight', input: weight, weightAxis }],
  });
  switch (node.op) {
    case 'Conv': {
      const rank = weights.dims.length;
      return rank === 3 || rank === 4
        ? form
        : weightOnly(`it convolves over ${rank - 2} axes and integer kernels know 1 and 2`);
    }
    case 'Gemm':
      if (intAttribute(node, 'transA', 0) !== 0) return { reason: 'it transposes its input (transA)' };
      return isRow(graph.initializers.get(biasValue ?? '')) ? form : { reason: 'its third input is not one row' };
    case 'MatMul':
      return weights.dims.length === 2 ? form : { reason: 'its weight is not a matrix' };
    default:
      return weightOnly(`runtimes have no integer ${node.op}`);
  }
}

/** A bias that is the same for every row of the product. */
function isRow(bias: Tensor | undefined): boolean {
  return bias === undefined || bias.dims.slice(0, -1).every((dim) => dim === 1);
}

function sameScaleForm(node: GraphNode, graph: Graph): IntegerForm | NoIntegerForm {
  const first: IntegerForm = { kind: 'same-scale', data: [0] };
  switch (node.op) {
    case 'Concat':
    case 'Min':
    case 'Max':
      return { kind: 'same-scale', data: node.inputs.map((_, i) => i) };
    case 'Pad': {
      const mode = stringAttribute(node, 'mode', 'constant');
      if (mode !== 'constant') return first;
      // The constant is stored as a code: only zero is one whatever the scale.
      const name = node.inputs[2] ?? '';
      const constant = graph.initializers.get(name);
      if (name !== '' && constant === undefined) return { reason: 'its padding value is computed by the model' };
      return constant === undefined || numbersOf(constant)[0] === 0
        ? first
        : { reason: 'it pads with a value other than 0' };
    }
    case 'Resize':
    case 'Upsample':
      return stringAttribute(node, 'mode', 'nearest') === 'nearest' ? first : { reason: 'it interpolates' };
    case 'MaxPool':
      return rankOf(graph, node.inputs[0]) <= 4 ? first : { reason: 'it pools over more than two axes' };
    default:
      return first;
  }
}

function elementwiseForm(node: GraphNode, graph: Graph): IntegerForm | NoIntegerForm {
  switch (node.op) {
    case 'Add':
    case 'Mul':
      return { kind: 'elementwise', data: [0, 1] };
    case 'AveragePool':
      if (rankOf(graph, node.inputs[0]) > 4) return { reason: 'it pools over more than two axes' };
      return (intsAttribute(node, 'dilations') ?? []).every((dilation) => dilation === 1)
        ? { kind: 'elementwise', data: [0] }
        : { reason: 'it pools with dilation' };
    case 'GlobalAveragePool':
      return { kind: 'elementwise', data: [0] };
    default:
      return pointwise.has(node.op) ? { kind: 'elementwise', data: [0] } : { reason: `${node.op} has no integer form` };
  }
}
