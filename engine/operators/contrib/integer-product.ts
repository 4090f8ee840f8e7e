import { attribute } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { float32Tensor, type Tensor, type ValueType } from '../../tensor.ts';
import type { Parts } from '../decomposition.ts';
import { qlinearConv as standardQlinearConv } from '../linear/integer-conv.ts';
import { productCost } from '../linear/matmul.ts';
import type { InferContext, Operator } from '../operator.ts';
import { requantizationAttributes } from '../qspec/requantization.ts';
import { dynamicQuantizeLinear } from '../quantization/dynamic-quantize-linear.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { broadcastOffsets } from '../shared/broadcast.ts';
import { centred, requantized } from '../shared/integer.ts';
import { permuted } from '../shared/movement.ts';
import { integerRange, numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { addNumber, addRoundNearest } from '../shared/parts.ts';
import { matmul, matmulDims } from '../shared/product.ts';
import { costCount, costDims, hasInput, inputType, optionalType, requireRank, valueType } from '../shared/types.ts';
import { byAttribute, onChannelsLast } from './channels-last.ts';
import { constantInputs, type ReadInput } from './code-scale.ts';

/** Matrix products of ONNX Runtime on 8-bit codes. Scales and zero points of the right side are one or one for each column. */

const { fround } = Math;

/** (A − zero)·(B − zero) · scales + bias in float32; the sums are exact. */
function scaledProduct(
  node: GraphNode,
  a: Tensor,
  b: Tensor,
  {
    aScale,
    bScale,
    aZero,
    bZero,
    bias,
  }: Readonly<Record<'aScale' | 'bScale', Tensor>> & Readonly<Record<'aZero' | 'bZero' | 'bias', Tensor | undefined>>,
): Tensor {
  matmulDims(node, a, b);
  const { values, dims } = matmul(
    { values: centred(node, a, aZero, -1), dims: a.dims },
    { values: centred(node, b, bZero, -1), dims: b.dims },
  );
  const columns = dims[dims.length - 1] ?? 1;
  const [left, right] = [numbersOf(aScale), numbersOf(bScale)];
  const addends = bias && numbersOf(bias);
  const out = Float32Array.from(values, (sum, i) => {
    const column = i % columns;
    const scale = fround(left[0]! * right[right.length === 1 ? 0 : column]!);
    return fround(sum * scale) + (addends ? addends[column]! : 0);
  });
  return tensorOf('float32', dims, out);
}

function productType(node: GraphNode, context: InferContext): readonly ValueType[] {
  const [a, b] = [inputType(node, 0, context), inputType(node, 1, context)];
  return [valueType('float32', matmulDims(node, a, b))];
}

/** Inputs: A, B, their scales, their zero points, bias. */
export const matMulIntegerToFloat: Operator = {
  op: 'MatMulIntegerToFloat',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: productType,
  evaluate: (node, [a, b, aScale, bScale, aZero, bZero, bias]) => [
    scaledProduct(node, a!, b!, { aScale: aScale!, bScale: bScale!, aZero, bZero, bias }),
  ],
  cost: productCost,
  decompose(node, parts) {
    const [a, bName, aScale, bScale, aZero, bZero, bias] = node.inputs as [string, string, string, string, ...string[]];
    const weights = centredWeights(node, parts, bName, bZero);
    if (weights === undefined) return 'weights or zero points are only known while running';
    const zero = aZero ? parts.constant(aZero) : undefined;
    if (aZero && zero?.data.length !== 1) return 'the zero point of the left side is not one constant';
    const one = addNumber(parts, 1);
    const inputs = aZero ? [a, one, aZero] : [a, one];
    const codes = parts.add('DequantizeLinear', inputs, {}, { domain: 'com.microsoft' });
    addScaledProduct(parts, { a: codes, weights, scale: aScale, columns: bScale, bias, output: node.outputs[0]! });
    return undefined;
  },
};

/** B − its zero point as a float32 constant; undefined where one of them is only known while running. */
function centredWeights(node: GraphNode, parts: Parts, b: string, zero: string | undefined): string | undefined {
  const [codes, zeros] = [parts.constant(b), zero ? parts.constant(zero) : undefined];
  if (!codes || (zero && !zeros)) return undefined;
  return parts.tensor(float32Tensor(codes.dims, Float32Array.from(centred(node, codes, zeros, -1))));
}

/** Product of centred codes, which float32 holds, times scale · scales of the columns, plus bias. */
function addScaledProduct(
  parts: Parts,
  own: Readonly<Record<'a' | 'weights' | 'scale' | 'columns' | 'output', string>> & { bias: string | undefined },
): void {
  const { a, weights, scale, columns, bias, output } = own;
  const scales = parts.add('Mul', [scale, columns]);
  const product = parts.add('MatMul', [a, weights]);
  const scaled = parts.add('Mul', [product, scales], {}, bias ? {} : { output });
  if (bias) parts.add('Add', [scaled, bias], {}, { output });
}

/** A in float32 is quantised to uint8 as DynamicQuantizeLinear does it. Inputs: A, B, B's scale and zero point, bias. */
export const dynamicQuantizeMatMul: Operator = {
  op: 'DynamicQuantizeMatMul',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer: productType,
  evaluate(node, [a, b, bScale, bZero, bias], context) {
    const [codes, aScale, aZero] = dynamicQuantizeLinear.evaluate!(node, [a], context) as [Tensor, Tensor, Tensor];
    return [scaledProduct(node, codes, b!, { aScale, bScale: bScale!, aZero, bZero, bias })];
  },
  cost: productCost,
  decompose(node, parts) {
    const [a, bName, bScale, bZero, bias] = node.inputs as [string, string, string, ...string[]];
    const weights = centredWeights(node, parts, bName, bZero);
    if (weights === undefined) return 'weights or zero points are only known while running';
    const all = { keepdims: attribute.int(0) };
    const none = addNumber(parts, 0);
    const low = parts.add('Min', [parts.add('ReduceMin', [a], all), none]);
    const high = parts.add('Max', [parts.add('ReduceMax', [a], all), none]);
    const scale = parts.add('Div', [parts.add('Sub', [high, low]), addNumber(parts, 255)]);
    // Codes less their zero point: rounded steps between those of the codes 0 and 255.
    const least = parts.add('Neg', [
      addRoundNearest(parts, parts.add('Neg', [parts.add('Div', [low, scale])]), [0, 255]),
    ]);
    const most = parts.add('Add', [least, addNumber(parts, 255)]);
    const steps = addRoundNearest(parts, parts.add('Div', [a, scale]), [-255, 255]);
    const codes = parts.add('Min', [parts.add('Max', [steps, least]), most]);
    addScaledProduct(parts, { a: codes, weights, scale, columns: bScale, bias, output: node.outputs[0]! });
    return undefined;
  },
};

/**
 * alpha · A' · B' + C with optional transpositions. Inputs: A, scale, zero point, B, scale, zero point, C int32 in the
 * scale of the product (optional), scale and zero point of the result; without these the result is float32.
 */
export const qgemm: Operator = {
  op: 'QGemm',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const [a, b] = [inputType(node, 0, context), inputType(node, 3, context)];
    requireRank(node, 'The first input', a, 2);
    requireRank(node, 'The second input', b, 2);
    const order = (type: ValueType, name: string): ValueType =>
      intAttribute(node, name, 0) ? valueType(type.dtype, type.dims && [...type.dims].reverse()) : type;
    const dtype = hasInput(node, 7) ? (optionalType(node, 8, context)?.dtype ?? 'uint8') : 'float32';
    return [valueType(dtype, matmulDims(node, order(a, 'transA'), order(b, 'transB')))];
  },
  evaluate(node, [a, aScale, aZero, b, bScale, bZero, c, yScale, yZero]) {
    const straight = (tensor: Tensor, name: string) =>
      intAttribute(node, name, 0) ? permuted(tensor, [1, 0]) : tensor;
    const [left, right] = [straight(a!, 'transA'), straight(b!, 'transB')];
    const { values, dims } = matmul(
      { values: centred(node, left, aZero, -1), dims: left.dims },
      { values: centred(node, right, bZero, -1), dims: right.dims },
    );
    if (c) {
      const addends = numbersOf(c);
      const at = broadcastOffsets(c.dims, dims);
      for (let i = 0; i < values.length; i++) values[i]! += addends[at ? at[i]! : i]!;
    }
    const factors = productScales(node, aScale!, bScale!);
    const factor = (i: number) => factors[factors.length === 1 ? 0 : i % dims[1]!]!;
    if (!yScale)
      return [
        tensorOf(
          'float32',
          dims,
          values.map((sum, i) => sum * factor(i)),
        ),
      ];
    const step = scalarOf(yScale);
    const zero = yZero ?? tensorOf('uint8', [], [0]);
    return [requantized(values, dims, (i) => fround(factor(i) / step), zero)];
  },
  cost(node, context) {
    const a = costDims(context.type(node.inputs[0] ?? '')?.dims);
    const k = (intAttribute(node, 'transA', 0) ? a[0] : a[1]) ?? 1;
    return { macs: costCount(context.type(node.outputs[0] ?? '')?.dims) * k, operations: 0 };
  },
  decompose(node, parts) {
    const [a, , , bName, , , cName] = node.inputs as [string, string, string, string, string, string, string?];
    const output = node.outputs[0]!;
    const { dtype, dims } = parts.type(output);
    if (dtype === 'float32') return 'no kernel gives float32';
    if (intAttribute(node, 'transA', 0) !== 0) return 'no kernel for a transposed left side';
    const read = constantInputs(node, [1, 2, 3, 4, 5, 6, 7, 8], parts.constant);
    if (!read) return 'weights, scales or zero points are only known while running';
    const c = read(6);
    if (c && c.data.length !== dims[1]) return 'the addend is not a row';
    const yZero = read(8);
    const step = scalarOf(read(7)!);
    const rescales = Array.from(productScales(node, read(1)!, read(4)!), (factor) => ({
      multiplier: fround(factor / step),
      shift: 0,
      preShift: 0,
    }));
    const [low, high] = integerRange(dtype);
    const codes = { dtype: dtype as 'int8' | 'uint8', zeroPoint: yZero ? scalarOf(yZero) : 0, low, high };
    const zeros = zeroPoints(read);
    const attributes = {
      ...requantizationAttributes('ort', rescales, codes),
      x_zero_point: attribute.int(read(2) ? scalarOf(read(2)!) : 0),
      transB: attribute.int(intAttribute(node, 'transB', 0)),
      ...(zeros && { w_zero_point: attribute.tensor(zeros) }),
    };
    const bias = cName ? [parts.tensor({ ...c!, dims: [dims[1]!] })] : [];
    parts.add('QGemm', [a, bName, ...bias], attributes, { domain: 'qspec', output });
    return undefined;
  },
};

/** alpha · scale of A · scale of B, one or one for each column. */
function productScales(node: GraphNode, aScale: Tensor, bScale: Tensor): Float32Array {
  const alpha = floatAttribute(node, 'alpha', 1);
  return Float32Array.from(numbersOf(bScale), (scale) => fround(fround(alpha * scalarOf(aScale)) * scale));
}

function zeroPoints(read: ReadInput): Tensor | undefined {
  const zero = read(5);
  const values = zero && Int32Array.from(numbersOf(zero));
  return values?.some((value) => value !== 0) ? { dtype: 'int32', dims: [values.length], data: values } : undefined;
}

/** The standard operator, whose images may be channels-last. */
export const qlinearConv = onChannelsLast(
  {
    ...standardQlinearConv,
    decompose: (node, parts) =>
      void parts.add('QLinearConv', node.inputs, node.attributes, { output: node.outputs[0]! }),
  },
  { applies: byAttribute },
);
