import type { GraphNode } from '../graph/graph.ts';

/** How a model says that it is quantised. */
export type QuantizedStyle =
  /** QuantizeLinear and DequantizeLinear between float operators. */
  | 'QDQ'
  /** Operators that compute on codes themselves: QLinearConv, MatMulInteger, … */
  | 'QOperator'
  /** Quantisers that give floats: QONNX's Quant. */
  | 'QONNX';

type Named = Pick<GraphNode, 'op' | 'domain'>;

const qonnxDomains: ReadonlySet<string> = new Set([
  'qonnx.custom_op.general',
  'finn.custom_op.general',
  'onnx.brevitas',
]);
const qonnxOperators: ReadonlySet<string> = new Set(['Quant', 'IntQuant', 'BipolarQuant', 'FloatQuant', 'Trunc']);
const onCodes: ReadonlySet<string> = new Set([
  'ConvInteger',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'DynamicQuantizeMatMul',
  'DynamicQuantizeLSTM',
  'QGemm',
  'QAttention',
]);

function isOnnx({ domain }: Named): boolean {
  return domain === '' || domain === 'com.microsoft';
}

export function isQuantizeLinear(node: Named): boolean {
  return isOnnx(node) && node.op === 'QuantizeLinear';
}

export function isDequantizeLinear(node: Named): boolean {
  return isOnnx(node) && node.op === 'DequantizeLinear';
}

/** Rounds floats to levels and leaves floats. */
export function isQonnxQuantizer({ op, domain }: Named): boolean {
  return qonnxDomains.has(domain) && qonnxOperators.has(op);
}

/** Computes on codes itself. */
export function isOnCodes(node: Named): boolean {
  return isOnnx(node) && (onCodes.has(node.op) || node.op.startsWith('QLinear'));
}

/** Undefined: nothing of the model is in codes. */
export function quantizedStyle(nodes: readonly Named[]): QuantizedStyle | undefined {
  if (nodes.some(isOnCodes)) return 'QOperator';
  if (nodes.some(isQonnxQuantizer)) return 'QONNX';
  return nodes.some((node) => isQuantizeLinear(node) || isDequantizeLinear(node)) ? 'QDQ' : undefined;
}
