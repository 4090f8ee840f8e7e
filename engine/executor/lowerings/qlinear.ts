import type { Attribute, GraphNode } from '../../graph/graph.ts';
import { requantizationAttributes } from '../../operators/qspec/requantization.ts';
import { centred } from '../../operators/shared/integer.ts';
import { numbersOf } from '../../operators/shared/numbers.ts';
import { arithmeticNamed } from '../../quantize/arithmetic/registry.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { plainOrder } from '../order.ts';
import { codeType } from './codes.ts';
import { emitQConv, lowerQConv, lowerQGemm } from './integer.ts';

/** ONNX's own integer operators: with codes for results (QLinear…), with int32 sums, and the quantiser that goes before those. */

// QLinearConv and QLinearMatMul are the engine's QConv and QGemm under another spelling, where scales and zero points are
// constants, one for x and y and one or one a channel for the weight.

export function lowerQLinearConv(node: GraphNode, lowering: Lowering): Declined {
  const bias = node.inputs[8];
  const product = integerProduct(node, lowering, lowering.constant(node.inputs[3]!)?.dims[0]);
  if (typeof product === 'string') return product;
  return lowerQConv({ ...product, op: 'QConv', inputs: [...product.inputs, ...(bias ? [bias] : [])] }, lowering);
}

export function lowerQLinearMatMul(node: GraphNode, lowering: Lowering): Declined {
  const { dims } = lowering.type(node.inputs[3]!);
  if (dims.length !== 2) return 'no kernel for a right side that is not a matrix';
  const product = integerProduct(node, lowering, dims[1]);
  return typeof product === 'string' ? product : lowerQGemm({ ...product, op: 'QGemm' }, lowering);
}

/** The node as an operator of the engine, or why there is no kernel. */
function integerProduct(node: GraphNode, lowering: Lowering, channels: number | undefined): GraphNode | string {
  const [x, w] = [node.inputs[0]!, node.inputs[3]!];
  const parameters = [1, 2, 4, 5, 6, 7].map((index) => lowering.constant(node.inputs[index]!));
  if (!parameters.every((tensor) => tensor !== undefined)) return 'scales or zero points are only known while running';
  const [xScale, xZero, wScale, wZero, yScale, yZero] = parameters as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const single = [xScale, xZero, yScale, yZero].every((tensor) => elementCount(tensor.dims) === 1);
  if (!single) return 'no kernel for a scale of each row';
  for (const tensor of [wScale, wZero])
    if (![1, channels].includes(elementCount(tensor.dims))) return 'no kernel for the axis of the weight’s scale';
  if (wScale.dtype !== 'float32') return `no kernel for a scale of ${wScale.dtype}`;
  const first = (tensor: Tensor) => Number(numbersOf(tensor)[0]);
  const dtype = codeType(yZero.dtype) === 'u8' ? 'uint8' : 'int8';
  const [low, high] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  const ort = arithmeticNamed('ort');
  const rescales = Array.from(numbersOf(wScale), (scale) => ort.rescale(first(xScale), scale, first(yScale)));
  const zeros: Tensor = { dtype: 'int32', dims: [elementCount(wZero.dims)], data: Int32Array.from(numbersOf(wZero)) };
  const own: Record<string, Attribute> = {
    x_zero_point: { kind: 'int', value: first(xZero) },
    ...(Array.from(zeros.data as Int32Array).some((zero) => zero !== 0) && {
      w_zero_point: { kind: 'tensor', value: zeros },
    }),
    ...requantizationAttributes('ort', rescales, { dtype, zeroPoint: first(yZero), low, high }),
  };
  return { ...node, domain: 'qspec', inputs: [x, w], attributes: { ...node.attributes, ...own } };
}

/** int32 sums of codes less their zero points; that of the input may come with it. */
export function lowerConvInteger(node: GraphNode, lowering: Lowering): Declined {
  const { dims } = lowering.type(node.inputs[0]!);
  if (dims.length !== 3 && dims.length !== 4) return `no kernel for ${dims.length - 2} spatial axes`;
  const product = accumulatorProduct(node, lowering, 0);
  if (typeof product === 'string') return product;
  const { zero, ...constants } = product;
  emitQConv(node, lowering, constants, zero);
  return undefined;
}

export function lowerMatMulInteger(node: GraphNode, lowering: Lowering): Declined {
  const [a, b] = node.inputs as [string, string];
  const { dims } = lowering.type(a);
  if (lowering.type(b).dims.length !== 2) return 'no kernel for a right side that is not a matrix';
  const product = accumulatorProduct(node, lowering, 1);
  if (typeof product === 'string') return product;
  const [k, n] = lowering.type(b).dims as [number, number];
  const source = lowering.input(a, plainOrder(dims.length));
  const { zero, ...constants } = product;
  const matrix = lowering.pack((workspace) => workspace.packQMatrix({ k, n, ...constants }));
  const target = lowering.output(0, plainOrder(lowering.type(node.outputs[0]!).dims.length));
  lowering.emit({
    kernel: 'qgemm',
    reads: zero ? [source, zero] : [source],
    writes: [target],
    build: (workspace, at) =>
      workspace.qgemm({
        m: elementCount(dims) / k,
        a: at(source),
        b: matrix.get(),
        output: at(target),
        zeroPoint: zero && at(zero),
      }),
  });
  return undefined;
}

/** What an int32 product is packed with, and the operand of a zero point that is only known while running. */
function accumulatorProduct(node: GraphNode, lowering: Lowering, channelAxis: number) {
  const [x, w, xZeroName = '', wZeroName = ''] = node.inputs as [string, string, string?, string?];
  const weights = lowering.constant(w);
  const wZero = wZeroName === '' ? undefined : lowering.constant(wZeroName);
  if (!weights || (wZeroName !== '' && !wZero)) return 'the weight or its zero point is only known while running';
  const type = codeType(lowering.type(x).dtype);
  if (type === undefined || codeType(weights.dtype) === undefined) return `no kernel for ${weights.dtype}`;
  const channels = weights.dims[channelAxis]!;
  if (wZero && ![1, channels].includes(elementCount(wZero.dims))) return 'no kernel for the axis of the zero point';
  if (xZeroName !== '' && elementCount(lowering.type(xZeroName).dims) !== 1)
    return 'no kernel for a zero point of each row';
  const xZero = xZeroName === '' ? undefined : lowering.constant(xZeroName);
  const offsets = Array.from(centred(node, weights, wZero, channelAxis));
  return {
    weights: offsets.every((weight) => weight >= -128 && weight <= 127)
      ? Int8Array.from(offsets)
      : Int16Array.from(offsets),
    input: { type, zeroPoint: xZero ? Number(numbersOf(xZero)[0]) : 0 },
    output: { type, zeroPoint: 0, low: 0, high: 0 },
    requantization: { arithmetic: 'none' },
    zero: xZeroName !== '' && !xZero ? lowering.input(xZeroName) : undefined,
  } as const;
}

export function lowerDynamicQuantizeLinear(node: GraphNode, lowering: Lowering): Declined {
  const [x] = node.inputs as [string];
  if (lowering.type(x).dtype !== 'float32') return `no kernel for ${lowering.type(x).dtype}`;
  const source = lowering.input(x);
  const target = lowering.output(0, source.order);
  const scale = node.outputs[1] ? lowering.output(1, []) : lowering.scratch(4);
  const zero = node.outputs[2] ? lowering.output(2, []) : lowering.scratch(1);
  lowering.emit({
    kernel: 'dynamicQuantize',
    reads: [source],
    writes: [target, scale, zero],
    build: (workspace, at) =>
      workspace.dynamicQuantize({
        input: at(source),
        count: elementCount(source.dims),
        output: at(target),
        scale: at(scale),
        zeroPoint: at(zero),
      }),
  });
  return undefined;
}
