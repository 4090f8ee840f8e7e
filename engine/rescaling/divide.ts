import type { GraphNode } from '../graph/graph.ts';
import { intAttribute, intsAttribute } from '../operators/shared/attributes.ts';
import { asProduct } from '../passes/channel-affine.ts';
import type { GraphEditor } from '../passes/editor.ts';
import type { Dimension } from '../tensor.ts';
import { beforeReshape, beforeTranspose, type ChannelAxes, channelCount } from './channel-axes.ts';

/** Channels of a value, as part of those that are rescaled: its first is number `first` of them. */
export interface Channels {
  readonly axes: ChannelAxes;
  readonly first: number;
}

/** One way to have a node's output divided channel by channel: everything that is named is to be divided. */
export interface Way {
  /** Inputs that other nodes compute. */
  readonly inputs: readonly (Channels & { readonly index: number })[];
  /** Constants; `rank` axes of which the last are the constant's own. */
  readonly constants: readonly (Channels & { readonly index: number; readonly rank: number })[];
  /** The node is a product with constant weights: they and its bias. */
  readonly product?: true;
}

/** Operators with f(x/s) = f(x)/s for positive s, whose channels stay where they are. */
const homogeneous = new Set(['Abs', 'Dropout', 'Identity', 'LeakyRelu', 'PRelu', 'Relu']);
/** The same, over all axes but those of batch and channels. */
const pooling = new Set(['AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'MaxPool']);
const reshaping = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze']);
/** Normalisations that end in a factor and an addend for each channel: where these are, and along which axis. */
const normalizations = new Map<string, { readonly constants: readonly number[]; readonly axis: 1 | -1 }>([
  ['LayerNormalization', { constants: [1, 2], axis: -1 }],
  ['RMSNormalization', { constants: [1], axis: -1 }],
  ['SimplifiedLayerNormalization', { constants: [1], axis: -1 }],
  ['com.microsoft.SkipLayerNormalization', { constants: [2, 3], axis: -1 }],
  ['com.microsoft.SkipSimplifiedLayerNormalization', { constants: [2], axis: -1 }],
  ['BatchNormalization', { constants: [1, 2], axis: 1 }],
  ['InstanceNormalization', { constants: [1, 2], axis: 1 }],
]);

/** Every way to divide the node's first output; none where factors do not pass through it. */
export function waysToDivide(editor: GraphEditor, node: GraphNode, channels: Channels): readonly Way[] {
  const dims = editor.type(node.outputs[0]!)?.dims;
  const count = dims && channelCount(dims, channels.axes);
  if (dims === undefined || count === undefined) return [];
  const asked = { editor, node, dims, count, ...channels };
  const norm = normalizations.get(node.domain === '' ? node.op : `${node.domain}.${node.op}`);
  if (norm !== undefined) return ofNormalization(asked, norm);
  if (node.domain !== '') return [];
  if (homogeneous.has(node.op)) return same(asked);
  if (pooling.has(node.op)) return channels.axes.every((axis) => axis <= 1) ? same(asked) : [];
  if (reshaping.has(node.op)) return ofReshape(asked);
  switch (node.op) {
    case 'Transpose':
      return ofTranspose(asked);
    case 'Concat':
      return ofConcat(asked);
    case 'Add':
    case 'Sub':
      return together([operand(asked, 0), operand(asked, 1)]);
    case 'Mul':
      return ofMul(asked);
    case 'Div':
      return together([operand(asked, 0)]);
    default:
      return ofProduct(asked);
  }
}

interface Asked extends Channels {
  readonly editor: GraphEditor;
  readonly node: GraphNode;
  readonly dims: readonly Dimension[];
  readonly count: number;
}

/** One way, if each part of it is possible. */
function together(parts: readonly (Way | undefined)[]): readonly Way[] {
  if (!parts.every((part) => part !== undefined)) return [];
  return [{ inputs: parts.flatMap(({ inputs }) => inputs), constants: parts.flatMap(({ constants }) => constants) }];
}

function ofInput(index: number, axes: ChannelAxes, first: number): Way {
  return { inputs: [{ index, axes, first }], constants: [] };
}

/** An operand that is broadcast to the output: a constant takes any factors, others only if they have the channels themselves. */
function operand({ editor, node, dims, axes, first }: Asked, index: number): Way | undefined {
  const value = node.inputs[index]!;
  const constant = editor.constant(value);
  if (constant !== undefined)
    return constant.dtype === 'float32'
      ? { inputs: [], constants: [{ index, axes, first, rank: dims.length }] }
      : undefined;
  const own = editor.type(value)?.dims;
  if (own === undefined) return undefined;
  const moved = axes.map((axis) => axis - (dims.length - own.length));
  return moved.every((axis, i) => axis >= 0 && own[axis] === dims[axes[i]!]) ? ofInput(index, moved, first) : undefined;
}

/** The factors go into one operand: a constant if there is one. */
function ofMul(asked: Asked): readonly Way[] {
  const { editor, node } = asked;
  const constant = node.inputs.findIndex((value) => editor.constant(value) !== undefined);
  const order = constant < 0 ? [0, 1] : [constant];
  return order.flatMap((index) => operand(asked, index) ?? []);
}

function same(asked: Asked): readonly Way[] {
  const { editor, node, dims, axes, first } = asked;
  const own = editor.type(node.inputs[0]!)?.dims;
  const fits = own?.length === dims.length && axes.every((axis) => own[axis] === dims[axis]);
  return fits ? [ofInput(0, axes, first)] : [];
}

function ofReshape({ editor, node, dims, axes, first }: Asked): readonly Way[] {
  const own = editor.type(node.inputs[0]!)?.dims;
  const before = own && beforeReshape(own, dims, axes);
  return before ? [ofInput(0, before, first)] : [];
}

function ofTranspose({ node, dims, axes, first }: Asked): readonly Way[] {
  const permutation = intsAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
  return [ofInput(0, beforeTranspose(axes, permutation), first)];
}

function ofConcat(asked: Asked): readonly Way[] {
  const { editor, node, dims, axes, first } = asked;
  const given = intAttribute(node, 'axis', 1);
  const axis = given < 0 ? given + dims.length : given;
  if (axes.includes(axis) && axes.length > 1) return [];
  let passed = 0;
  const parts = node.inputs.map((value, index) => {
    const part = operandOfConcat(asked, index, axes.includes(axis) ? first + passed : first);
    const size = editor.type(value)?.dims?.[axis];
    if (typeof size !== 'number') return undefined;
    passed += size;
    return part;
  });
  return together(parts);
}

function operandOfConcat({ editor, node, dims, axes }: Asked, index: number, first: number): Way | undefined {
  const constant = editor.constant(node.inputs[index]);
  if (constant === undefined) return ofInput(index, axes, first);
  if (constant.dtype !== 'float32') return undefined;
  return { inputs: [], constants: [{ index, axes, first, rank: dims.length }] };
}

function ofNormalization(
  { editor, node, dims, axes, first, count }: Asked,
  norm: { readonly constants: readonly number[]; readonly axis: 1 | -1 },
): readonly Way[] {
  const axis = norm.axis === 1 ? 1 : dims.length - 1;
  if (axes.length !== 1 || axes[0] !== axis) return [];
  const present = norm.constants.filter((index) => node.inputs[index]);
  const fits = present.every((index) => {
    const constant = editor.constant(node.inputs[index]);
    return constant?.dtype === 'float32' && constant.dims.length === 1 && constant.dims[0] === count;
  });
  const hasFactor = present[0] === norm.constants[0];
  return fits && hasFactor
    ? [{ inputs: [], constants: present.map((index) => ({ index, axes: [0], first, rank: 1 })) }]
    : [];
}

function ofProduct(asked: Asked): readonly Way[] {
  const { editor, node, dims, axes, count } = asked;
  const product = asProduct(editor, node);
  if (product === undefined) return node.op === 'MatMul' ? ofMatMul(asked) : [];
  const fits = axes.length === 1 && axes[0] === product.channelAxis(dims.length) && product.outputChannels === count;
  return fits ? [{ inputs: [], constants: [], product: true }] : [];
}

/** A product of two activations: its columns are those of the second, its rows those of the first, the others of both. */
function ofMatMul({ editor, node, dims, axes, first }: Asked): readonly Way[] {
  const sides = [
    { index: 1, without: dims.length - 2 },
    { index: 0, without: dims.length - 1 },
  ];
  return sides.flatMap(({ index, without }) => {
    const own = editor.type(node.inputs[index]!)?.dims;
    if (own === undefined || own.length < 2 || axes.includes(without)) return [];
    const moved = axes.map((axis) => axis - (dims.length - own.length));
    return moved.every((axis, i) => axis >= 0 && own[axis] === dims[axes[i]!]) ? [ofInput(index, moved, first)] : [];
  });
}

/** Whether a node gives the elements of its input and no others, in another shape or order. */
export function movesOnly({ op, domain }: GraphNode): boolean {
  return domain === '' && (reshaping.has(op) || op === 'Transpose' || op === 'Identity');
}
