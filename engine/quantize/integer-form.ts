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

/** Functions of one activation, element by element: a table over its codes. */
const pointwise = new Set(['Elu', 'Gelu', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'QuickGelu', 'Sigmoid', 'Tanh']);

/** Why a node cannot run on codes, as the end of the sentence “stays float: …”. */
export interface NoIntegerForm {
  readonly reason: string;
}

/** The node's integer form in this graph; constants it needs must be initializers by now. */
export function integerForm(node: GraphNode, graph: Graph): IntegerForm | NoIntegerForm {
  const operator = findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1);
  const role = operator?.quantization;
  if (role === undefined) return { reason: `${node.op} has no integer form` };
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

function computeForm(
  node: GraphNode,
  graph: Graph,
  weight: number,
  bias: number | undefined,
  weightAxis: number,
): IntegerForm | NoIntegerForm {
  const weights = graph.initializers.get(node.inputs[weight] ?? '');
  if (weights === undefined) return { reason: 'its weight is computed by the model, not stored in it' };
  if (weights.dtype !== 'float32') return { reason: `its weight is ${weights.dtype}, not float32` };
  const biasValue = bias === undefined ? undefined : node.inputs[bias];
  if (biasValue !== undefined && biasValue !== '' && !graph.initializers.has(biasValue))
    return { reason: 'its bias is computed by the model, not stored in it' };
  const form: IntegerForm = { kind: 'compute', data: [0], weight, weightAxis, ...(bias !== undefined && { bias }) };
  switch (node.op) {
    case 'Conv': {
      const rank = weights.dims.length;
      return rank === 3 || rank === 4
        ? form
        : { reason: `it convolves over ${rank - 2} axes; integer kernels know 1 and 2` };
    }
    case 'Gemm':
      if (intAttribute(node, 'transA', 0) !== 0) return { reason: 'it transposes its input (transA)' };
      return isRow(graph.initializers.get(biasValue ?? '')) ? form : { reason: 'its third input is not one row' };
    case 'MatMul':
      return weights.dims.length === 2 ? form : { reason: 'its weight is not a matrix' };
    default:
      return { reason: `runtimes have no integer ${node.op}` };
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
