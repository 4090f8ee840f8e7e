import type { GraphNode } from '../../graph/graph.ts';
import { intAttribute, intsAttribute, stringAttribute } from '../../operators/shared/attributes.ts';
import { elementCount } from '../../tensor.ts';
import { convert } from '../conversion.ts';
import type { Declined, Lower, Lowering, Operand } from '../lowering.ts';
import { elementBytes } from '../operand.ts';
import { logicalStrides, type Order, plainOrder, reshapedOrder, transposedOrder } from '../order.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: the input's memory under other dims, made plain before where it must be. */
export function lowerReshape(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const from = lowering.type(x).dims;
  const to = lowering.type(node.outputs[0]!).dims;
  const order = reshapedOrder(from, lowering.order(x), to);
  const source = lowering.input(x, order ? lowering.order(x) : plainOrder(from.length));
  lowering.alias(0, source, order ?? plainOrder(to.length));
  return undefined;
}

/** Identity, and Dropout outside of training. */
export function lowerIdentity(node: GraphNode, lowering: Lowering): Declined {
  if (node.outputs[1]) return 'a mask is wanted';
  const training = node.inputs[2];
  const isTraining = training ? lowering.constant(training)?.data[0] !== 0 : false;
  if (node.op === 'Dropout' && isTraining) return 'it is in training mode';
  const source = lowering.input(node.inputs[0]!);
  lowering.alias(0, source, source.order);
  return undefined;
}

/** A Transpose moves nothing: its output is the input's memory with the axes renamed. */
export function lowerTranspose(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const { dims } = lowering.type(x);
  const perm = intsAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
  const source = lowering.input(x);
  lowering.alias(0, source, transposedOrder(source.order, perm));
  return undefined;
}

/** Every part is copied into its place unless its producer wrote it there (see `Builder.claimSlices`). */
export function lowerConcat(node: GraphNode, lowering: Lowering): Declined {
  const { dims } = lowering.type(node.outputs[0]!);
  const given = intAttribute(node, 'axis', 1);
  const axis = given < 0 ? given + dims.length : given;
  const orders = node.inputs.filter((name) => !lowering.constant(name)).map((name) => lowering.order(name));
  const largest = node.inputs
    .filter((name) => !lowering.constant(name))
    .reduce<string | undefined>((best, name) => (best && sizeOf(best) >= sizeOf(name) ? best : name), undefined);
  function sizeOf(name: string): number {
    return elementCount(lowering.type(name).dims);
  }
  const order = largest ? lowering.order(largest) : (orders[0] ?? plainOrder(dims.length));
  const parts = lowering.concat(order, axis);
  for (const { value, target } of parts) {
    if (!target || elementCount(target.dims) === 0) continue;
    lowering.emit(convert(lowering.input(value, order), target));
  }
  return undefined;
}

/** Slice with constant bounds: a view of the input with larger strides; whoever needs it dense copies it. */
export function lowerSlice(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const { dims, dtype } = lowering.type(x);
  const bounds = sliceBounds(node, lowering, dims);
  if (typeof bounds === 'string') return bounds;
  const source = lowering.input(x);
  let offset = 0;
  const strides = [...source.strides];
  for (const { axis, start, step } of bounds) {
    offset += start * strides[axis]! * elementBytes(dtype)!;
    strides[axis]! *= step;
  }
  lowering.alias(0, source, source.order, { offset, strides });
  return undefined;
}

interface Bound {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
}

function sliceBounds(node: GraphNode, lowering: Lowering, dims: readonly number[]): Bound[] | string {
  const list = (index: number, attribute: string): readonly number[] | undefined | null => {
    if (lowering.opset < 10) return intsAttribute(node, attribute);
    const name = node.inputs[index];
    if (!name) return undefined;
    const tensor = lowering.constant(name);
    return tensor ? Array.from(tensor.data as Int32Array, Number) : null;
  };
  const starts = list(1, 'starts');
  const axes = list(3, 'axes');
  const steps = list(4, 'steps');
  if (!starts || axes === null || steps === null) return 'the bounds are only known while running';
  return starts.map((given, index) => {
    const axis = ((axes?.[index] ?? index) + dims.length) % dims.length;
    const size = dims[axis]!;
    const step = steps?.[index] ?? 1;
    const start = given < 0 ? given + size : given;
    return { axis, step, start: Math.max(0, Math.min(start, step < 0 ? size - 1 : size)) };
  });
}

/** Split: every output is a view of its part. */
export function lowerSplit(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const { dims, dtype } = lowering.type(x);
  const given = intAttribute(node, 'axis', 0);
  const axis = given < 0 ? given + dims.length : given;
  const source = lowering.input(x);
  let start = 0;
  node.outputs.forEach((name, index) => {
    if (name === '') return;
    lowering.alias(index, source, source.order, {
      offset: start * source.strides[axis]! * elementBytes(dtype)!,
      strides: source.strides,
    });
    start += lowering.type(name).dims[axis]!;
  });
  return undefined;
}

/** Padding: the input is copied to the middle; the border is filled before, or copied axis by axis from what is there by then. */
export function lowerPad(node: GraphNode, lowering: Lowering): Declined {
  const [x, padsName, valueName, axesName] = node.inputs as [string, string?, string?, string?];
  const { dims, dtype } = lowering.type(x);
  const mode = stringAttribute(node, 'mode', 'constant');
  let pads: readonly number[] | undefined;
  let value = 0;
  if (lowering.opset < 11) {
    pads = intsAttribute(node, 'pads') ?? intsAttribute(node, 'paddings');
    const attribute = node.attributes['value'];
    if (attribute?.kind === 'float') value = attribute.value;
  } else {
    const tensor = lowering.constant(padsName ?? '');
    pads = tensor && Array.from(tensor.data as Int32Array, Number);
    if (valueName) {
      const constant = lowering.constant(valueName);
      if (!constant) return 'the border is only known while running';
      value = Number((constant.data as Float32Array)[0]);
    }
  }
  if (!pads) return 'the pads are only known while running';
  const axes = axesName ? lowering.constant(axesName) : undefined;
  if (axesName && !axes) return 'the axes are only known while running';
  const named = axes
    ? Array.from(axes.data as Int32Array, (axis) => (Number(axis) + dims.length) % dims.length)
    : plainOrder(dims.length);
  const begins = new Array<number>(dims.length).fill(0);
  const ends = new Array<number>(dims.length).fill(0);
  named.forEach((axis, index) => {
    begins[axis] = pads[index]!;
    ends[axis] = pads[index + named.length]!;
  });
  if (pads.some((pad) => pad < 0)) return 'no kernel for negative pads';
  // Beyond this a border would repeat what is itself border.
  const reach = (size: number) => (mode === 'reflect' ? size - 1 : mode === 'wrap' ? size : Infinity);
  if (mode !== 'constant' && dims.some((size, axis) => Math.max(begins[axis]!, ends[axis]!) > reach(size))) {
    return 'no kernel for pads wider than the input';
  }
  const source = lowering.input(x);
  const target = lowering.output(0, source.order);
  const bytes = elementBytes(dtype)!;
  /** The part of the target from `start` on, read with the given steps along an axis. */
  const part = (sizes: readonly number[], start: readonly number[], axis = -1, step = 1): Operand => ({
    ...target,
    dims: sizes,
    offset: start.reduce((offset, at, own) => offset + at * target.strides[own]! * bytes, target.offset),
    strides: target.strides.map((stride, own) => (own === axis ? stride * step : stride)),
  });
  if (mode === 'constant') {
    lowering.emit({
      kernel: 'fill',
      reads: [],
      writes: [target],
      build: (workspace, at) =>
        workspace.fill({ output: at(target), count: elementCount(target.dims), value, elementBytes: bytes }),
    });
  }
  lowering.emit(convert(source, part(dims, begins)));
  if (mode === 'constant') return undefined;
  // What is complete so far: all of the axes before, the middle of the others.
  const sizes = [...dims];
  const corner = [...begins];
  const step = mode === 'edge' ? 0 : mode === 'reflect' ? -1 : 1;
  dims.forEach((size, axis) => {
    const [before, after] = [begins[axis]!, ends[axis]!];
    for (const [count, to, from] of [
      [before, 0, mode === 'edge' ? before : mode === 'reflect' ? 2 * before : size],
      [after, before + size, mode === 'edge' ? before + size - 1 : mode === 'reflect' ? before + size - 2 : before],
    ] as const) {
      if (count === 0) continue;
      const at = (position: number) => corner.map((own, other) => (other === axis ? position : own));
      const border = sizes.map((own, other) => (other === axis ? count : own));
      lowering.emit(convert(part(border, at(from), axis, step), part(border, at(to))));
    }
    sizes[axis] = before + size + after;
    corner[axis] = 0;
  });
  return undefined;
}

/** DepthToSpace and SpaceToDepth: a reshape, a transpose and a reshape, of which only what must move is moved. */
export function lowerDepthSpace(direction: 'depthToSpace' | 'spaceToDepth'): Lower {
  return (node, lowering): Declined => {
    const [x] = node.inputs as [string];
    const { dims } = lowering.type(x);
    if (dims.length !== 4) return 'no kernel for other than four dimensions';
    const [n, c, h, w] = dims as [number, number, number, number];
    const b = intAttribute(node, 'blocksize', 1);
    const isCrd = stringAttribute(node, 'mode', 'DCR') === 'CRD';
    const deep = Math.floor(c / (b * b));
    const [split, perm] =
      direction === 'spaceToDepth'
        ? [[n, c, h / b, b, w / b, b], isCrd ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]]
        : isCrd
          ? [
              [n, deep, b, b, h, w],
              [0, 1, 4, 2, 5, 3],
            ]
          : [
              [n, b, b, deep, h, w],
              [0, 3, 4, 1, 5, 2],
            ];
    moveAxes(node, lowering, split, perm);
    return undefined;
  };
}

/** Reads the input as `split`, permutes its axes and reads the result as the output's dims. */
function moveAxes(node: GraphNode, lowering: Lowering, split: readonly number[], perm: readonly number[]): void {
  const [x] = node.inputs as [string];
  const from = lowering.type(x).dims;
  const to = lowering.type(node.outputs[0]!).dims;
  let order = reshapedOrder(from, lowering.order(x), split);
  const source = lowering.input(x, order ? lowering.order(x) : plainOrder(from.length));
  order ??= plainOrder(split.length);
  const moved = perm.map((axis) => split[axis]!);
  const movedOrder = transposedOrder(order, perm);
  const result = reshapedOrder(moved, movedOrder, to);
  if (result) {
    lowering.alias(0, source, result);
    return;
  }
  const target = lowering.output(0, plainOrder(to.length));
  lowering.emit(convert(dense(source, moved, movedOrder), dense(target, moved, plainOrder(moved.length))));
}

function dense(operand: Operand, dims: readonly number[], order: Order): Operand {
  return { ...operand, dims, order, strides: logicalStrides(dims, order) };
}
