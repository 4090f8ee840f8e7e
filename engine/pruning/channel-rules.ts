import type { GraphNode } from '../graph/graph.ts';
import {
  describe,
  hasAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from '../operators/shared/attributes.ts';
import type { Dimension } from '../tensor.ts';
import type { ChannelAxis, ChannelRule, NodeChannels, RuleContext, Slice, Stays } from './channel-map.ts';

/** How operators treat channels: one rule a family. What is not listed pins the channels that it reads. */

/** Nothing that is followed comes in, so nothing goes out. */
const nothing: NodeChannels = { kind: 'elementwise', slices: [] };

const conv: ChannelRule = (node, context) => {
  const own = productOf(node, context);
  if ('stays' in own) return own;
  const { input, weight, bias } = own;
  if (input && input.axis !== 1) return elsewhere(node);
  const group = intAttribute(node, 'group', 1);
  const [outputs, inputs] = weight as [number, number];
  if (group === 1) {
    const ids = context.ids.make(outputs);
    return {
      kind: 'product',
      output: { axis: 1, ids },
      slices: [
        { input: 1, axis: 0, ids },
        ...(input ? [{ input: 1, axis: 1, ids: input.ids }] : []),
        ...(bias ? [{ input: 2, axis: 0, ids }] : []),
      ],
    };
  }
  if (!input) return { stays: 'its groups read channels that stay' };
  const groups = context.ids.make(group);
  const ids = Int32Array.from({ length: outputs }, (_, o) => groups[Math.floor(o / (outputs / group))]!);
  for (const [i, id] of input.ids.entries()) context.ids.unite(id, groups[Math.floor(i / inputs)]!);
  return {
    kind: 'grouped',
    output: { axis: 1, ids },
    slices: [{ input: 1, axis: 0, ids }, ...(bias ? [{ input: 2, axis: 0, ids }] : [])],
  };
};

const convTranspose: ChannelRule = (node, context) => {
  const own = productOf(node, context);
  if ('stays' in own) return own;
  const { input, weight, bias } = own;
  if (input && input.axis !== 1) return elsewhere(node);
  if (intAttribute(node, 'group', 1) !== 1) return { stays: `${describe(node)} has groups` };
  const ids = context.ids.make(weight[1]!);
  return {
    kind: 'product',
    output: { axis: 1, ids },
    slices: [
      { input: 1, axis: 1, ids },
      ...(input ? [{ input: 1, axis: 0, ids: input.ids }] : []),
      ...(bias ? [{ input: 2, axis: 0, ids }] : []),
    ],
  };
};

const matrixProduct: ChannelRule = (node, context) => {
  const own = productOf(node, context);
  if ('stays' in own) return own;
  const { input, weight, bias } = own;
  const rank = context.dims(node.outputs[0])?.length;
  const isGemm = node.op === 'Gemm';
  if (rank === undefined || weight.length !== 2 || (isGemm && intAttribute(node, 'transA', 0) !== 0))
    return { stays: `${describe(node)} multiplies along another axis` };
  if (input && input.axis !== rank - 1) return elsewhere(node);
  const columns = isGemm && intAttribute(node, 'transB', 0) !== 0 ? 0 : 1;
  const ids = context.ids.make(weight[columns]!);
  const isRow = bias && bias.length > 0 && bias.at(-1) === ids.length && ids.length > 1;
  return {
    kind: 'product',
    output: { axis: rank - 1, ids },
    slices: [
      { input: 1, axis: columns, ids },
      ...(input ? [{ input: 1, axis: 1 - columns, ids: input.ids }] : []),
      ...(isRow ? [{ input: 2, axis: bias.length - 1, ids }] : []),
    ],
  };
};

/** Input, weight and bias of a product whose constants are stored; the weight's shape. */
function productOf(
  node: GraphNode,
  context: RuleContext,
):
  | Stays
  | { readonly input: ChannelAxis | undefined; readonly weight: readonly number[]; readonly bias?: readonly number[] } {
  const [, weight, bias] = node.inputs;
  if (!context.isConstant(weight) || (bias && !context.isConstant(bias)))
    return { stays: `the weight or bias of ${describe(node)} is not stored in the model` };
  const input = context.channels(0);
  return {
    input,
    weight: context.dims(weight) as readonly number[],
    ...(bias && { bias: context.dims(bias) as readonly number[] }),
  };
}

function elsewhere(node: GraphNode): Stays {
  return { stays: `${describe(node)} has its channels along another axis` };
}

const elementwise: ChannelRule = (node, context) => {
  const rank = context.dims(node.outputs[0])?.length;
  if (rank === undefined || (context.opset < 7 && node.domain === '' && node.inputs.length > 1))
    return { stays: `how ${describe(node)} lays its inputs together is not known` };
  if (binary.has(node.op) && !(node.inputs[0] && node.inputs[1])) return { stays: `${describe(node)} lacks an input` };
  let output: ChannelAxis | undefined;
  const others: { readonly input: number; readonly dims: readonly Dimension[]; readonly constant: boolean }[] = [];
  for (const [input, value] of node.inputs.entries()) {
    if (value === '') continue;
    const dims = context.dims(value);
    if (dims === undefined) return { stays: `the shape of an input of ${describe(node)} is not known` };
    const channels = context.channels(input);
    // A single channel is never cut; it may be spread over others.
    if (channels === undefined || channels.ids.length === 1) {
      others.push({ input, dims, constant: context.isConstant(value) });
      continue;
    }
    const axis = channels.axis + rank - dims.length;
    if (output === undefined) output = { axis, ids: channels.ids };
    else if (output.axis !== axis || output.ids.length !== channels.ids.length) return elsewhere(node);
    else context.ids.uniteAll(output.ids, channels.ids);
  }
  if (output === undefined) return nothing;
  const slices: Slice[] = [];
  for (const { input, dims, constant } of others) {
    const axis = output.axis - (rank - dims.length);
    if (axis < 0 || dims[axis] === 1) continue;
    if (!constant) return { stays: `${describe(node)} combines them with channels that stay` };
    slices.push({ input, axis, ids: output.ids });
  }
  return { kind: 'elementwise', output, slices };
};

const binary: ReadonlySet<string> = new Set(['PRelu', 'Add', 'Sub', 'Mul', 'Div', 'Pow']);

/** Scale, shift and statistics of each channel, in inputs of their own. */
const normalization: ChannelRule = (node, context) => {
  const input = context.channels(0);
  if (!input) return nothing;
  const parameters = node.inputs.slice(1);
  if (
    input.axis !== 1 ||
    parameters.length !== (node.op === 'BatchNormalization' ? 4 : 2) ||
    !parameters.every((value) => context.isConstant(value) && context.dims(value)?.length === 1) ||
    intAttribute(node, 'training_mode', 0) !== 0
  )
    return { stays: `${describe(node)} does not hold its parameters for each channel` };
  return {
    kind: 'elementwise',
    output: input,
    slices: parameters.map((_, i) => ({ input: i + 1, axis: 0, ids: input.ids })),
  };
};

/** Looks at spatial neighbours alone. */
const window: ChannelRule = (node, context) => {
  const input = context.channels(0);
  if (!input) return nothing;
  return input.axis === 1 ? moved(input, input) : elsewhere(node);
};

const identity: ChannelRule = (_node, context) => {
  const input = context.channels(0);
  return input ? moved(input, input) : nothing;
};

/** The axis of the channels keeps its place and its length. */
const beside: ChannelRule = (node, context) => {
  const input = context.channels(0);
  if (!input) return nothing;
  const dims = context.dims(node.outputs[0]);
  return dims?.[input.axis] === input.ids.length
    ? moved(input, input)
    : { stays: `${describe(node)} changes how many there are` };
};

const resize: ChannelRule = (node, context) => {
  const mode = stringAttribute(node, 'mode', 'nearest');
  if (
    (mode !== 'nearest' && mode !== 'linear') ||
    stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize'
  )
    return { stays: `${describe(node)} interpolates across axes` };
  const known = beside(node, context);
  // Sizes of named axes are those of other axes: the channels keep their number.
  if ('stays' in known || !known.output || !node.inputs[3] || hasAttribute(node, 'axes')) return known;
  if (!context.isConstant(node.inputs[3])) return { stays: `the sizes of ${describe(node)} are computed by the model` };
  return { ...known, shape: { input: 3, at: known.output.axis } };
};

const transpose: ChannelRule = (node, context) => {
  const input = context.channels(0);
  const rank = context.dims(node.inputs[0])?.length;
  if (!input || rank === undefined) return nothing;
  const order = intsAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return moved(input, { axis: order.indexOf(input.axis), ids: input.ids });
};

/** Mean, maximum and the like over other axes than that of the channels. */
const reduction: ChannelRule = (node, context) => {
  const input = context.channels(0);
  const rank = context.dims(node.inputs[0])?.length;
  if (!input || rank === undefined) return nothing;
  const axes = (node.inputs[1] ? context.integers(node.inputs[1]) : intsAttribute(node, 'axes'))?.map((axis) =>
    axis < 0 ? axis + rank : axis,
  );
  if (axes === undefined || axes.includes(input.axis)) return { stays: `${describe(node)} reduces over them` };
  const gone = intAttribute(node, 'keepdims', 1) !== 0 ? 0 : axes.filter((axis) => axis < input.axis).length;
  return moved(input, { axis: input.axis - gone, ids: input.ids });
};

const concat: ChannelRule = (node, context) => {
  const rank = context.dims(node.outputs[0])?.length;
  const parts = node.inputs.map((value, input) => ({
    input,
    channels: context.channels(input),
    dims: context.dims(value),
  }));
  const first = parts.find(({ channels }) => channels)?.channels;
  if (!first || rank === undefined) return nothing;
  if (parts.some(({ channels }) => channels && channels.axis !== first.axis)) return elsewhere(node);
  const axis = intAttribute(node, 'axis', 1);
  if ((axis < 0 ? axis + rank : axis) !== first.axis) {
    if (parts.some(({ channels }) => !channels))
      return { stays: `${describe(node)} combines them with channels that stay` };
    for (const { channels } of parts) context.ids.uniteAll(first.ids, channels!.ids);
    return moved(first, first);
  }
  const ids: number[] = [];
  for (const { channels, dims } of parts) {
    const length = dims?.[first.axis];
    if (typeof length !== 'number') return { stays: `the shape of an input of ${describe(node)} is not known` };
    const own = channels?.ids ?? context.ids.make(length);
    if (!channels) context.ids.pin(own, `${describe(node)} takes them from a value whose channels stay`);
    ids.push(...own);
  }
  return {
    kind: 'move',
    output: { axis: first.axis, ids: Int32Array.from(ids) },
    slices: [],
    moved: parts.map(({ input, dims }) => ({ input, length: dims![first.axis] as number })),
  };
};

/** Reshape, Flatten, Squeeze, Unsqueeze: the elements stay in order, so a channel is where its elements are. */
const reshape: ChannelRule = (node, context) => {
  const input = context.channels(0);
  const [from, to] = [context.dims(node.inputs[0]), context.dims(node.outputs[0])];
  if (!input) return nothing;
  const places = from && to && placesAfter(input, from, to);
  if (!places) return { stays: `${describe(node)} spreads them over several axes` };
  const { axis, positions } = places;
  const shape = node.op === 'Reshape' ? { shape: { input: 1, at: axis } } : {};
  if (node.op === 'Reshape' && !context.isConstant(node.inputs[1]))
    return { stays: `the shape that ${describe(node)} gives is computed by the model` };
  if (node.op === 'Squeeze' && !node.inputs[1] && !hasAttribute(node, 'axes'))
    return { stays: `${describe(node)} names no axes` };
  return {
    kind: 'move',
    output: { axis, ids: positions.map((position) => input.ids[position]!) },
    slices: [],
    ...shape,
    moved: [{ input: 0, from: positions, length: positions.length }],
  };
};

/** Axis on which the channels lie after elements were laid out anew, and the channel of each place on it. */
function placesAfter(
  { axis, ids }: ChannelAxis,
  from: readonly Dimension[],
  to: readonly Dimension[],
): { readonly axis: number; readonly positions: Int32Array } | undefined {
  const stride = sizeOf(from.slice(axis + 1));
  if (stride === undefined) return undefined;
  let below = 1;
  for (let at = to.length - 1; at >= 0; at--) {
    const length = to[at];
    if (typeof length !== 'number' || below > stride) return undefined;
    const fits = stride % below === 0 && (length * below) % (stride * ids.length) === 0;
    if (fits) {
      const positions = Int32Array.from({ length }, (_, p) => Math.floor((p * below) / stride) % ids.length);
      return { axis: at, positions };
    }
    below *= length;
  }
  return undefined;
}

function sizeOf(dims: readonly Dimension[]): number | undefined {
  let size = 1;
  for (const dim of dims) {
    if (typeof dim !== 'number') return undefined;
    size *= dim;
  }
  return size;
}

function moved(input: ChannelAxis, output: ChannelAxis): NodeChannels {
  return { kind: 'move', output, slices: [], moved: [{ input: 0, length: input.ids.length }] };
}

const each = (rule: ChannelRule, names: string): [string, ChannelRule][] =>
  names.split(' ').map((name) => [name, rule]);

export const rules: ReadonlyMap<string, ChannelRule> = new Map([
  ...each(conv, 'Conv'),
  ...each(convTranspose, 'ConvTranspose'),
  ...each(matrixProduct, 'Gemm MatMul'),
  ...each(
    elementwise,
    'Relu LeakyRelu Elu Selu Celu ThresholdedRelu PRelu Clip Sigmoid HardSigmoid HardSwish Tanh Softplus',
  ),
  ...each(
    elementwise,
    'Softsign Mish Gelu QuickGelu FastGelu Erf Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Round Sign',
  ),
  ...each(elementwise, 'Add Sub Mul Div Pow Max Min Sum Mean'),
  ...each(normalization, 'BatchNormalization InstanceNormalization'),
  ...each(window, 'MaxPool AveragePool GlobalAveragePool GlobalMaxPool'),
  ...each(identity, 'Identity Dropout'),
  ...each(beside, 'Pad'),
  ...each(resize, 'Resize Upsample'),
  ...each(transpose, 'Transpose'),
  ...each(reduction, 'ReduceMean ReduceMax ReduceMin'),
  ...each(concat, 'Concat'),
  ...each(reshape, 'Reshape Flatten Squeeze Unsqueeze'),
]);
