import { type AffineParameters, dequantizeValue, quantizeValue } from '../../formats/affine.ts';
import { attribute } from '../../graph/build.ts';
import type { Attribute, GraphNode } from '../../graph/graph.ts';
import type { DataType, Tensor } from '../../tensor.ts';
import { integerRange, numbersOf, scalarOf } from '../shared/numbers.ts';

/** Codes of 8 bits with a scale and a zero point that are inputs of the node. */
export interface CodeScale extends AffineParameters {
  readonly dtype: DataType;
}

/** Reads inputs of a node: tensors while evaluating, constants while decomposing. */
export type ReadInput = (index: number) => Tensor | undefined;

/**
 * The scale at input `index` and the zero point behind it (0 where absent) for codes of type `dtype`. Throws a RangeError,
 * which whoever runs or writes out a node makes a finding of, where the zero point is no code.
 */
export function codeScale(read: ReadInput, index: number, dtype: DataType): CodeScale | undefined {
  const scale = read(index);
  if (scale === undefined) return undefined;
  const zero = read(index + 1);
  const zeroPoint = zero ? scalarOf(zero) : 0;
  if (!Number.isInteger(zeroPoint) || !(Math.abs(zeroPoint) <= 255)) throw new RangeError('a zero point is no code');
  return { scale: Math.fround(scalarOf(scale)), zeroPoint, dtype };
}

/** Constants of the node; undefined where one of the inputs named is only known while running. */
export function constantInputs(
  node: GraphNode,
  indices: readonly number[],
  constant: (value: string) => Tensor | undefined,
): ReadInput | undefined {
  const isKnown = indices.every((index) => !node.inputs[index] || constant(node.inputs[index]!));
  return isKnown ? (index) => (node.inputs[index] ? constant(node.inputs[index]!) : undefined) : undefined;
}

/** float32 values of codes. */
export function realValues(codes: Tensor, parameters: AffineParameters): Float32Array {
  return Float32Array.from(numbersOf(codes), (code) => dequantizeValue(code, parameters));
}

/** Codes of float32 values. */
export function codesOfValues(values: ArrayLike<number>, dims: readonly number[], to: CodeScale): Tensor {
  const range = integerRange(to.dtype);
  const codes = Array.from(values, (value) => quantizeValue(value, to, range));
  return { dtype: to.dtype, dims, data: to.dtype === 'int8' ? Int8Array.from(codes) : Uint8Array.from(codes) };
}

/** Attribute `table` of `qspec.QLookup`: from each code by its byte to the code of `apply` of its value. */
export function lookupTable(from: CodeScale, to: CodeScale, apply: (x: number) => number): Record<string, Attribute> {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const codes = from.dtype === 'int8' ? new Int8Array(bytes.buffer) : bytes;
  const values = Float32Array.from(codes, (code) => apply(dequantizeValue(code, from)));
  return { table: attribute.tensor(codesOfValues(values, [256], to)) };
}

/** The attributes `PREFIX_scale` and `PREFIX_zero_point` of a `qspec` operator. */
export function scaleAttributes(prefix: string, { scale, zeroPoint }: AffineParameters): Record<string, Attribute> {
  return { [`${prefix}_scale`]: attribute.float(scale), [`${prefix}_zero_point`]: attribute.int(zeroPoint) };
}

/** The attributes by which a `qspec` operator writes all codes of a scale, with ONNX Runtime's arithmetic. */
export function outputCodeAttributes(to: CodeScale): Record<string, Attribute> {
  const [low, high] = integerRange(to.dtype);
  return {
    ...scaleAttributes('y', to),
    output: attribute.string(to.dtype),
    low: attribute.int(low),
    high: attribute.int(high),
    arithmetic: attribute.string('ort'),
  };
}
