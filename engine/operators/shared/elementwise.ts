import type { Lower } from '../../executor/lowering.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type DataType, type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { InferContext, Operator, QuantizationRole } from '../operator.ts';
import { describe, intAttribute } from './attributes.ts';
import { broadcastOffsets, broadcastShape } from './broadcast.ts';
import { allocate, bigintsOf, isWide, numbersOf, tensorOf } from './numbers.ts';
import { broadcastDims, inputType, requireSameType, sameAsInput, valueType } from './types.ts';

/** Newest version of the ONNX operator set that these files were written against. */
export const newestOpset = 28;

type NumberFunction = (x: number) => number;
type BinaryFunction = (a: number, b: number) => number;
type WideFunction = (a: bigint, b: bigint) => bigint;

/** Applies a function to every element, in double precision, rounded to the output's type. */
export function mapTensor(tensor: Tensor, apply: NumberFunction, dtype: DataType = tensor.dtype): Tensor {
  const values = numbersOf(tensor);
  const out = dtype === 'float32' ? new Float32Array(values.length) : new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    if ((i & 0xffff) === 0) poll();
    out[i] = apply(values[i]!);
  }
  return tensorOf(dtype, tensor.dims, out);
}

/** The same with 64-bit integers. */
export function mapWide(tensor: Tensor, apply: (x: bigint) => bigint): Tensor {
  const values = tensor.data as BigInt64Array;
  const data = allocate(tensor.dtype, values.length) as BigInt64Array;
  for (let i = 0; i < data.length; i++) data[i] = apply(values[i]!);
  return { ...tensor, data };
}

export interface UnaryOptions {
  readonly quantization?: QuantizationRole;
  readonly wide?: (x: bigint) => bigint;
  readonly from?: number;
  readonly lower?: Lower;
}

/** An operator of one input without attributes. */
export function unaryOperator(op: string, apply: NumberFunction, options: UnaryOptions = {}): Operator {
  return {
    op,
    domain: '',
    opsets: [options.from ?? 1, newestOpset],
    infer: sameAsInput,
    evaluate: (_node, [x]) => [
      isWide(x!.dtype) && options.wide !== undefined ? mapWide(x!, options.wide) : mapTensor(x!, apply),
    ],
    ...(options.lower && { lower: options.lower }),
    ...(options.quantization && { quantization: options.quantization }),
  };
}

/** An operator of one input whose function comes from the node's attributes. */
export function parametricOperator(
  op: string,
  make: (node: GraphNode, opset: number) => NumberFunction,
  options: UnaryOptions & { readonly domain?: string } = {},
): Operator {
  return {
    op,
    domain: options.domain ?? '',
    opsets: [options.from ?? 1, newestOpset],
    infer: sameAsInput,
    evaluate: (node, [x], { opset }) => [mapTensor(x!, make(node, opset))],
    ...(options.lower && { lower: options.lower }),
    ...(options.quantization && { quantization: options.quantization }),
  };
}

/** Broadcasts two tensors and applies a function; 64-bit integers take `wide`. */
export function mapPair(a: Tensor, b: Tensor, dtype: DataType, apply: BinaryFunction, wide?: WideFunction): Tensor {
  const dims = broadcastShape([a.dims, b.dims]);
  const count = elementCount(dims);
  const left = broadcastOffsets(a.dims, dims);
  const right = broadcastOffsets(b.dims, dims);
  if (wide !== undefined && isWide(a.dtype)) {
    const x = bigintsOf(a);
    const y = bigintsOf(b);
    if (isWide(dtype)) {
      const data = allocate(dtype, count) as BigInt64Array;
      for (let i = 0; i < count; i++) data[i] = wide(x[left ? left[i]! : i]!, y[right ? right[i]! : i]!);
      return { dtype, dims, data };
    }
    const data = new Uint8Array(count);
    for (let i = 0; i < count; i++) data[i] = Number(wide(x[left ? left[i]! : i]!, y[right ? right[i]! : i]!));
    return tensorOf(dtype, dims, data);
  }
  const x = numbersOf(a);
  const y = numbersOf(b);
  const out = dtype === 'float32' ? new Float32Array(count) : new Float64Array(count);
  const plain = !left && !right;
  for (let from = 0; from < count; from += 0x10000) {
    poll();
    const to = Math.min(count, from + 0x10000);
    if (plain) for (let i = from; i < to; i++) out[i] = apply(x[i]!, y[i]!);
    else for (let i = from; i < to; i++) out[i] = apply(x[left ? left[i]! : i]!, y[right ? right[i]! : i]!);
  }
  return tensorOf(dtype, dims, out);
}

export interface BinaryOptions {
  /** Element type of the output; that of the first input unless given. */
  readonly output?: DataType;
  readonly wide?: WideFunction;
  /** For integers of up to 32 bits where the double result would be inexact (Mul). */
  readonly narrow?: BinaryFunction;
  /** The second input may have another type (Pow). */
  readonly mixed?: boolean;
  readonly elements?: NonNullable<Operator['inferElements']>;
  readonly lower?: Lower;
  readonly quantization?: QuantizationRole;
  readonly from?: number;
}

/** A broadcasting operator of two inputs. */
export function binaryOperator(op: string, apply: BinaryFunction, options: BinaryOptions = {}): Operator {
  return {
    op,
    domain: '',
    opsets: [options.from ?? 1, newestOpset],
    infer(node, context) {
      const a = inputType(node, 0, context);
      const b = inputType(node, 1, context);
      if (!options.mixed) requireSameType(node, a, b);
      const dtype = options.output ?? a.dtype;
      if (context.opset < 7) return [valueType(dtype, a.dims)];
      return [valueType(dtype, broadcastDims(node, [a.dims, b.dims]))];
    },
    ...(options.elements && { inferElements: options.elements }),
    evaluate(node, [a, b], { opset }) {
      const integer = options.narrow !== undefined && !a!.dtype.includes('float');
      return [
        mapPair(
          a!,
          legacyOperand(node, a!, b!, opset),
          options.output ?? a!.dtype,
          integer ? options.narrow! : apply,
          options.wide,
        ),
      ];
    },
    ...(options.lower && { lower: options.lower }),
    ...(options.quantization && { quantization: options.quantization }),
  };
}

/** Before operator set 7 the second operand was aligned by the attributes `broadcast` and `axis`. */
export function legacyOperand(node: GraphNode, a: Tensor, b: Tensor, opset: number): Tensor {
  if (opset >= 7 || intAttribute(node, 'broadcast', 0) === 0) return b;
  const axis = intAttribute(node, 'axis', a.dims.length - b.dims.length);
  const start = axis < 0 ? axis + a.dims.length : axis;
  const trailing = a.dims.length - start - b.dims.length;
  if (!(start >= 0 && trailing >= 0))
    fail('model/axis', `${describe(node)} broadcasts along an axis that is not there.`);
  return { ...b, dims: [...b.dims, ...new Array<number>(trailing).fill(1)] };
}

/** An operator of any number of inputs of one type, folded from the left. */
export function variadicOperator(
  op: string,
  fold: (node: GraphNode, inputs: readonly Tensor[]) => Tensor,
  { quantization, lower }: { readonly quantization?: QuantizationRole; readonly lower?: Lower } = {},
): Operator {
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer(node, context) {
      const first = inputType(node, 0, context);
      const shapes: (readonly Dimension[] | undefined)[] = [];
      for (let i = 0; i < node.inputs.length; i++) {
        const type = inputType(node, i, context);
        requireSameType(node, first, type);
        shapes.push(type.dims);
      }
      return [valueType(first.dtype, broadcastDims(node, shapes))];
    },
    evaluate: (node, inputs) => [fold(node, inputs as Tensor[])],
    ...(lower && { lower }),
    ...(quantization && { quantization }),
  };
}

/** Symbolic elements of Add, Sub, Mul and Div over shapes: known only where both operands are numbers. */
export function pairElements(
  node: GraphNode,
  context: InferContext,
  apply: BinaryFunction,
): readonly Dimension[] | undefined {
  const a = context.dimensions(node.inputs[0] ?? '');
  const b = context.dimensions(node.inputs[1] ?? '');
  if (a === undefined || b === undefined) return undefined;
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  const length = a.length === 1 ? b.length : a.length;
  return Array.from({ length }, (_, i) => {
    const x = a[a.length === 1 ? 0 : i];
    const y = b[b.length === 1 ? 0 : i];
    return typeof x === 'number' && typeof y === 'number' ? Math.trunc(apply(x, y)) : undefined;
  });
}
