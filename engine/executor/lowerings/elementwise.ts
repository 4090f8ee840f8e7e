import type { BinaryFunction, UnaryFunction } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { floatAttribute, stringAttribute } from '../../operators/shared/attributes.ts';
import { elementCount } from '../../tensor.ts';
import type { Declined, Lower, Lowering, Operand } from '../lowering.ts';
import { mergeAxes } from '../operand.ts';
import { memoryDims, type Order, plainOrder } from '../order.ts';

/** Parameters of a unary kernel, or why there is none. */
type UnaryParameters = { readonly alpha?: number; readonly beta?: number } | string;

/** An elementwise function of one input, in whatever order the input lies, over the input where nobody needs it again. */
export function lowerUnary(
  fn: UnaryFunction,
  parameters?: (node: GraphNode, lowering: Lowering) => UnaryParameters,
): Lower {
  return (node, lowering): Declined => {
    const [x] = node.inputs as [string];
    const { dtype, dims } = lowering.type(x);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    const given = parameters?.(node, lowering) ?? {};
    if (typeof given === 'string') return given;
    const source = lowering.input(x);
    const target = lowering.output(0, source.order, { overwrite: [source] });
    lowering.emit({
      kernel: fn,
      reads: [source],
      writes: [target],
      build: (workspace, at) =>
        workspace.unary({ fn, input: at(source), output: at(target), count: elementCount(dims), ...given }),
    });
    return undefined;
  };
}

/** Attributes `alpha` and `beta` with the operator's defaults. */
export function alphaBeta(alpha: number, beta?: number) {
  return (node: GraphNode): UnaryParameters => ({
    alpha: floatAttribute(node, 'alpha', alpha),
    ...(beta !== undefined && { beta: floatAttribute(node, 'beta', beta) }),
  });
}

/** Clip's bounds: attributes before operator set 11, constant inputs since. */
export function clipBounds(node: GraphNode, lowering: Lowering): UnaryParameters {
  if (lowering.opset < 11) {
    return { alpha: floatAttribute(node, 'min', -Infinity), beta: floatAttribute(node, 'max', Infinity) };
  }
  const bound = (index: number, otherwise: number): number | undefined => {
    const name = node.inputs[index];
    if (!name) return otherwise;
    const tensor = lowering.constant(name);
    return tensor && (tensor.data as Float32Array)[0];
  };
  const alpha = bound(1, -Infinity);
  const beta = bound(2, Infinity);
  if (alpha === undefined || beta === undefined) return 'the bounds are only known while running';
  if (alpha > beta) return 'the lower bound is above the upper one';
  return { alpha, beta };
}

/** An elementwise function of two inputs with numpy broadcasting, in the order of the larger operand. */
export function lowerBinary(fn: BinaryFunction): Lower {
  return (node, lowering): Declined => {
    const [a, b] = node.inputs as [string, string];
    const output = lowering.type(node.outputs[0]!);
    for (const name of [a, b]) {
      const { dtype } = lowering.type(name);
      if (dtype !== 'float32') return `no kernel for ${dtype}`;
    }
    if (output.dtype !== 'float32') return `no kernel gives ${output.dtype}`;
    if (lowering.opset < 7 && lowering.type(a).dims.join() !== lowering.type(b).dims.join()) {
      return 'no kernel for the broadcasting of operator sets before 7';
    }
    const pair = broadcastPair(a, b, output.dims, lowering);
    const { order, left, right } = pair;
    const full = [left, right].map(({ operand }) => operand).filter(({ dims }) => dims.join() === output.dims.join());
    // A smaller operand is read again and again: it must not lie in what is written over.
    const apart = left.operand.storage !== right.operand.storage;
    const target = lowering.output(0, order, { overwrite: full.length === 2 || apart ? full : [] });
    const { dims, strides } = mergedPair(pair, target);
    lowering.emit({
      kernel: fn,
      reads: [left.operand, right.operand],
      writes: [target],
      build: (workspace, at) =>
        workspace.binary({
          fn,
          a: at(left.operand),
          b: at(right.operand),
          output: at(target),
          dims,
          aStrides: strides[0]!,
          bStrides: strides[1]!,
          clamp: lowering.epilogue.clamp,
        }),
    });
    return undefined;
  };
}

/** A fold of any number of inputs from the left (Sum, Max, Min). */
export function lowerVariadic(fn: BinaryFunction): Lower {
  return (node, lowering): Declined => {
    if (node.inputs.length !== 2) return 'no kernel for other than two inputs';
    return lowerBinary(fn)(node, lowering);
  };
}

interface Broadcast {
  readonly operand: Operand;
  /** Per output axis; 0 where the operand is broadcast. */
  readonly strides: readonly number[];
}

interface BroadcastPair {
  readonly order: Order;
  readonly left: Broadcast;
  readonly right: Broadcast;
}

/** Both operands in one order of the output's axes: that of the operand that has the output's shape and is not constant. */
export function broadcastPair(a: string, b: string, dims: readonly number[], lowering: Lowering): BroadcastPair {
  const isFull = (name: string) => lowering.type(name).dims.join() === dims.join();
  const leading = [a, b].find((name) => isFull(name) && !lowering.constant(name)) ?? [a, b].find(isFull);
  const order = leading === undefined ? plainOrder(dims.length) : lowering.order(leading);
  const place = (name: string): Broadcast => {
    const own = lowering.type(name).dims;
    const shift = dims.length - own.length;
    const ownOrder = order.filter((axis) => axis >= shift).map((axis) => axis - shift);
    const operand = lowering.input(name, ownOrder);
    const strides = dims.map((size, axis) =>
      axis < shift || (own[axis - shift] === 1 && size !== 1) ? 0 : operand.strides[axis - shift]!,
    );
    return { operand, strides };
  };
  return { order, left: place(a), right: place(b) };
}

/** The axes of both operands and of what is made of them as they lie in memory, merged where all three allow it. */
export function mergedPair({ order, left, right }: BroadcastPair, target: Operand): ReturnType<typeof mergeAxes> {
  const inMemory = (strides: readonly number[]) => order.map((axis) => strides[axis]!);
  return mergeAxes(
    memoryDims(target.dims, order),
    inMemory(left.strides),
    inMemory(right.strides),
    inMemory(target.strides),
  );
}

/** Gelu, exact or by tanh. */
export function lowerGelu(node: GraphNode, lowering: Lowering): Declined {
  const isExact = stringAttribute(node, 'approximate', 'none') === 'none';
  return lowerUnary(isExact ? 'gelu' : 'geluTanh')(node, lowering);
}
