import type { ReduceFunction } from '../../../kernels/api.ts';
import { lowerReduce } from '../../executor/lowerings/reductions.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute, intsAttribute } from '../shared/attributes.ts';
import { stridedOffsets, stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { bigintsOf, integersOf, isWide, numbersOf, tensorOf } from '../shared/numbers.ts';
import { constantInts, costCount, hasInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';

/**
 * Reductions over any axes. Axes are an attribute, since operator set 13 (ReduceSum) or 18 (the others) an input; without
 * axes all are reduced, or none where `noop_with_empty_axes` says so.
 */
interface Reduction {
  /** What the reduction of no elements gives. */
  readonly start: number;
  /** Applied to each element before it is added up; the sum's partner in L1, L2, … */
  readonly element?: (x: number) => number;
  readonly combine: (accumulator: number, x: number) => number;
  readonly finish?: (accumulator: number, count: number) => number;
  readonly kernel?: ReduceFunction;
  /** Exact form for 64-bit integers. */
  readonly wide?: { readonly start: bigint; readonly combine: (accumulator: bigint, x: bigint) => bigint };
}

function axesInputSince(op: string): number {
  return op === 'ReduceSum' ? 13 : 18;
}

function reducedAxes(node: GraphNode, rank: number, given: readonly number[] | undefined): number[] {
  if (given === undefined || given.length === 0)
    return intAttribute(node, 'noop_with_empty_axes', 0) !== 0 ? [] : Array.from({ length: rank }, (_, i) => i);
  return normalizeAxes(node, given, rank);
}

function reducedDims(node: GraphNode, dims: readonly Dimension[], axes: readonly number[]): Dimension[] {
  const keep = intAttribute(node, 'keepdims', 1) !== 0;
  const gone = new Set(axes);
  return keep ? dims.map((dim, i) => (gone.has(i) ? 1 : dim)) : dims.filter((_, i) => !gone.has(i));
}

function reduceOperator(op: string, reduction: Reduction): Operator {
  const inputFrom = axesInputSince(op);
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer(node, context) {
      const x = inputType(node, 0, context);
      if (x.dims === undefined) return [x];
      const fromInput = context.opset >= inputFrom;
      if (fromInput && hasInput(node, 1) && constantInts(node, 1, context) === undefined)
        return [valueType(x.dtype, unknownAxes(node, x.dims))];
      const given = fromInput ? constantInts(node, 1, context) : intsAttribute(node, 'axes');
      return [valueType(x.dtype, reducedDims(node, x.dims, reducedAxes(node, x.dims.length, given)))];
    },
    evaluate(node, [x, axes], { opset }) {
      const given = opset >= inputFrom ? axes && integersOf(axes) : intsAttribute(node, 'axes');
      return [reduced(node, x!, reducedAxes(node, x!.dims.length, given), reduction)];
    },
    cost: (node, context) => ({ macs: 0, operations: costCount(context.type(node.inputs[0] ?? '')?.dims) }),
    ...(reduction.kernel && { lower: lowerReduce(reduction.kernel) }),
    ...(op === 'ReduceMean' && { quantization: { kind: 'elementwise' } as const }),
  };
}

/** With axes that are not constant only the rank can be known. */
function unknownAxes(node: GraphNode, dims: readonly Dimension[]): Dimension[] | undefined {
  return intAttribute(node, 'keepdims', 1) !== 0 ? dims.map(() => undefined) : undefined;
}

function reduced(node: GraphNode, x: Tensor, axes: readonly number[], reduction: Reduction): Tensor {
  const dims = reducedDims(node, x.dims, axes) as number[];
  const { starts, inner } = reductionOffsets(x.dims, axes);
  if (isWide(x.dtype) && reduction.wide !== undefined) {
    const { start, combine } = reduction.wide;
    const values = bigintsOf(x);
    const out = Array.from(starts, (from) => {
      let accumulator = start;
      for (const offset of inner) accumulator = combine(accumulator, values[from + offset]!);
      return accumulator;
    });
    const data = x.dtype === 'int64' ? BigInt64Array.from(out) : BigUint64Array.from(out);
    return { dtype: x.dtype, dims, data };
  }
  const values = numbersOf(x);
  const { start, element, combine, finish } = reduction;
  // The bounds of bool are false and true.
  const first = x.dtype === 'bool' && !Number.isFinite(start) ? (start < 0 ? 0 : 1) : start;
  const out = new Float64Array(starts.length);
  for (let i = 0; i < out.length; i++) {
    poll();
    let accumulator = first;
    const from = starts[i]!;
    for (let j = 0; j < inner.length; j++) {
      const value = values[from + inner[j]!]!;
      accumulator = combine(accumulator, element ? element(value) : value);
    }
    out[i] = finish ? finish(accumulator, inner.length) : accumulator;
  }
  return tensorOf(x.dtype, dims, out);
}

/** Offsets of the first element of each group, and of all elements of a group from there. */
export function reductionOffsets(
  dims: readonly number[],
  axes: readonly number[],
): { readonly starts: Uint32Array; readonly inner: Uint32Array } {
  const strides = stridesOf(dims);
  const gone = new Set(axes);
  const split = (reducedOnly: boolean) => {
    const chosen = dims.map((_, i) => i).filter((i) => gone.has(i) === reducedOnly);
    return stridedOffsets(
      chosen.map((i) => dims[i]!),
      chosen.map((i) => strides[i]!),
    );
  };
  return { starts: split(false), inner: split(true) };
}

const sumUp = (accumulator: number, x: number) => accumulator + x;
const wideSum = { start: 0n, combine: (a: bigint, x: bigint) => a + x };
const square = (x: number) => x * x;

export const reduceSum = reduceOperator('ReduceSum', { kernel: 'sum', start: 0, combine: sumUp, wide: wideSum });
export const reduceMean = reduceOperator('ReduceMean', {
  kernel: 'mean',
  start: 0,
  combine: sumUp,
  finish: (accumulator, count) => accumulator / count,
});
export const reduceProd = reduceOperator('ReduceProd', {
  kernel: 'prod',
  start: 1,
  combine: (a, x) => a * x,
  wide: { start: 1n, combine: (a: bigint, x: bigint) => a * x },
});
export const reduceMax = reduceOperator('ReduceMax', {
  kernel: 'max',
  start: -Infinity,
  combine: (a, x) => Math.max(a, x),
  wide: { start: -(2n ** 63n), combine: (a: bigint, x: bigint) => (a > x ? a : x) },
});
export const reduceMin = reduceOperator('ReduceMin', {
  kernel: 'min',
  start: Infinity,
  combine: (a, x) => Math.min(a, x),
  wide: { start: 2n ** 63n - 1n, combine: (a: bigint, x: bigint) => (a < x ? a : x) },
});
export const reduceL1 = reduceOperator('ReduceL1', { kernel: 'l1', start: 0, element: Math.abs, combine: sumUp });
export const reduceL2 = reduceOperator('ReduceL2', {
  kernel: 'l2',
  start: 0,
  element: square,
  combine: sumUp,
  finish: Math.sqrt,
});
export const reduceSumSquare = reduceOperator('ReduceSumSquare', {
  kernel: 'sumSquare',
  start: 0,
  element: square,
  combine: sumUp,
});
export const reduceLogSum = reduceOperator('ReduceLogSum', { start: 0, combine: sumUp, finish: Math.log });

/** ln Σ eˣ, from the largest element down so that nothing overflows. */
const plainLogSumExp = reduceOperator('ReduceLogSumExp', { kernel: 'logSumExp', start: -Infinity, combine: Math.max });
export const reduceLogSumExp: Operator = {
  ...plainLogSumExp,
  evaluate(node, [x, axes], { opset }) {
    const given = opset >= 18 ? axes && integersOf(axes) : intsAttribute(node, 'axes');
    const chosen = reducedAxes(node, x!.dims.length, given);
    const { starts, inner } = reductionOffsets(x!.dims, chosen);
    const values = numbersOf(x!);
    const out = Float64Array.from(starts, (from) => {
      let top = -Infinity;
      for (const offset of inner) top = Math.max(top, values[from + offset]!);
      if (!Number.isFinite(top)) return top;
      let sum = 0;
      for (const offset of inner) sum += Math.exp(values[from + offset]! - top);
      return top + Math.log(sum);
    });
    return [tensorOf(x!.dtype, reducedDims(node, x!.dims, chosen) as number[], out)];
  },
};
