import type { Attribute, GraphNode } from '../../graph/graph.ts';
import { requantizationAttributes } from '../../operators/qspec/requantization.ts';
import { numbersOf } from '../../operators/shared/numbers.ts';
import { arithmeticNamed } from '../../quantize/arithmetic/registry.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { codeType } from './codes.ts';
import { lowerQConv, lowerQGemm } from './integer.ts';

/**
 * ONNX's own integer products, QLinearConv and QLinearMatMul: the engine's QConv and QGemm under another spelling, where
 * scales and zero points are constants, one for x and y and one or one a channel for the weight.
 */

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
