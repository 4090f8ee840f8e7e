import type { CodeType } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { intAttribute, stringAttribute, tensorAttribute } from '../../operators/shared/attributes.ts';
import { type DataType, elementCount, type Tensor } from '../../tensor.ts';
import type { Declined, Lowering, Operand } from '../lowering.ts';
import { channelsLastOrder, type Order, plainOrder, sameOrder } from '../order.ts';

/** Steps between float32 and 8-bit codes: QuantizeLinear, DequantizeLinear, and both at once (`qspec.FakeQuantize`). */

export function codeType(dtype: DataType): CodeType | undefined {
  return dtype === 'uint8' ? 'u8' : dtype === 'int8' ? 's8' : undefined;
}

interface Scaling {
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  /** Axis of the channels; undefined where one scale serves all. */
  readonly axis: number | undefined;
}

export function lowerQuantizeLinear(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const from = lowering.type(x);
  const type = codeType(lowering.type(node.outputs[0]!).dtype);
  if (from.dtype !== 'float32' || !type)
    return `no kernel from ${from.dtype} to ${lowering.type(node.outputs[0]!).dtype}`;
  const scaling = linearScaling(node, lowering, from.dims);
  if (typeof scaling === 'string') return scaling;
  const order = orderFor(scaling, from.dims, lowering.order(x));
  if (!order) return 'no kernel for channels along this axis';
  const source = lowering.input(x, order);
  const target = lowering.output(0, order);
  const [low, high] = type === 'u8' ? [0, 255] : [-128, 127];
  lowering.emit({
    kernel: 'quantize',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.quantize({ input: at(source), output: at(target), ...parameters(scaling, source), type, low, high }),
  });
  return undefined;
}

export function lowerDequantizeLinear(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const from = lowering.type(x);
  const type = codeType(from.dtype);
  const to = lowering.type(node.outputs[0]!);
  if (!type || to.dtype !== 'float32') return `no kernel from ${from.dtype} to ${to.dtype}`;
  const scaling = linearScaling(node, lowering, from.dims);
  if (typeof scaling === 'string') return scaling;
  const order = orderFor(scaling, from.dims, lowering.order(x));
  if (!order) return 'no kernel for channels along this axis';
  const source = lowering.input(x, order);
  const target = lowering.output(0, order);
  lowering.emit({
    kernel: 'dequantize',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.dequantize({ input: at(source), output: at(target), ...parameters(scaling, source), type }),
  });
  return undefined;
}

export function lowerFakeQuantize(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  const { dtype, dims } = lowering.type(x);
  if (dtype !== 'float32') return `no kernel for ${dtype}`;
  const format = stringAttribute(node, 'format', '');
  if (format !== '') return `no kernel rounds to ${format}`;
  const scale = tensorAttribute(node, 'scale')?.data as Float32Array;
  const zeroPoint = tensorAttribute(node, 'zero_point')?.data as Int32Array;
  const scaling = withAxis(scale, zeroPoint, intAttribute(node, 'axis'), dims);
  const order = orderFor(scaling, dims, lowering.order(x));
  if (!order) return 'no kernel for channels along this axis';
  const source = lowering.input(x, order);
  const target = lowering.output(0, order, { overwrite: [source] });
  const [low, high] = [intAttribute(node, 'low', 0), intAttribute(node, 'high', 255)];
  lowering.emit({
    kernel: 'fakeQuantize',
    reads: [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.fakeQuantize({ input: at(source), output: at(target), ...parameters(scaling, source), low, high }),
  });
  return undefined;
}

/** Constant scale and zero point of an ONNX node, or why there is no kernel. */
function linearScaling(node: GraphNode, lowering: Lowering, dims: readonly number[]): Scaling | string {
  const [, scaleName, zeroName] = node.inputs as [string, string, string?];
  const scale = lowering.constant(scaleName);
  const zero = zeroName ? lowering.constant(zeroName) : undefined;
  if (!scale || (zeroName && !zero)) return 'scale or zero point are only known while running';
  if (scale.dtype !== 'float32') return `no kernel for a scale of ${scale.dtype}`;
  if (intAttribute(node, 'block_size', 0) !== 0 || scale.dims.length > 1) return 'no kernel for blocks';
  const axis = intAttribute(node, 'axis', 1);
  const channels = dims[axis < 0 ? axis + dims.length : axis];
  const fits = ({ data }: Tensor) => data.length === 1 || data.length === channels;
  if (!fits(scale) || (zero && !fits(zero))) return 'scale or zero point do not fit the input';
  return withAxis(scale.data as Float32Array, zeroPointsOf(zero, scale.data.length), axis, dims);
}

function zeroPointsOf(zero: Tensor | undefined, count: number): Int32Array {
  return zero ? Int32Array.from(zero.data as Int8Array) : new Int32Array(count);
}

function withAxis(
  scale: Float32Array,
  zeroPoint: Int32Array,
  axis: number | undefined,
  dims: readonly number[],
): Scaling {
  const count = Math.max(scale.length, zeroPoint.length);
  if (count === 1 || axis === undefined) return { scale, zeroPoint, axis: undefined };
  const spread = <T extends Float32Array | Int32Array>(values: T): T =>
    values.length === count ? values : (new (values.constructor as new (n: number) => T)(count).fill(values[0]!) as T);
  return { scale: spread(scale), zeroPoint: spread(zeroPoint), axis: axis < 0 ? axis + dims.length : axis };
}

/** An order in which the channels come last; any will do where there is one scale. */
function orderFor({ axis }: Scaling, dims: readonly number[], present: Order): Order | undefined {
  if (axis === undefined) return present;
  for (const order of [present, channelsLastOrder(dims.length), plainOrder(dims.length)]) {
    const rest = order.filter((other) => other !== axis);
    if (sameOrder(dims, order, [...rest, axis])) return [...rest, axis];
  }
  return undefined;
}

function parameters({ scale, zeroPoint, axis }: Scaling, operand: Operand) {
  const channels = axis === undefined ? undefined : operand.dims[axis]!;
  return { count: elementCount(operand.dims), scale, zeroPoint, ...(channels !== undefined && { channels }) };
}
