import { fail } from '../../findings.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import { describe } from './attributes.ts';
import { integerRange, numbersOf, tensorOf } from './numbers.ts';
import { formatDims, normalizeAxis } from './types.ts';

/**
 * Codes minus their zero point as doubles. The zero point is a scalar, one for each index of `axis` (may be negative), or has
 * the codes' rank.
 */
export function centred(node: GraphNode, codes: Tensor, zeroPoint: Tensor | undefined, axis: number): Float64Array {
  const out = Float64Array.from(numbersOf(codes));
  if (zeroPoint === undefined) return out;
  const zeros = numbersOf(zeroPoint);
  if (zeros.length === 1) {
    const zero = zeros[0]!;
    if (zero !== 0) for (let i = 0; i < out.length; i++) out[i]! -= zero;
    return out;
  }
  const at = alongAxis(node, codes.dims, zeroPoint, axis);
  for (let i = 0; i < out.length; i++) out[i]! -= zeros[at(i)]!;
  return out;
}

/** Entry of a per-axis parameter for an element; parameters of full rank name their entries themselves. */
export function alongAxis(
  node: GraphNode,
  dims: readonly number[],
  parameter: Tensor,
  axis: number,
): (index: number) => number {
  if (elementCount(parameter.dims) === 1) return () => 0;
  const along = normalizeAxis(node, axis, dims.length);
  const inner = elementCount(dims.slice(along + 1));
  const size = dims[along]!;
  if (parameter.dims.length <= 1) {
    if (elementCount(parameter.dims) !== size) mismatch(node, dims, parameter);
    return (index) => Math.floor(index / inner) % size;
  }
  // [batch…, 1, N] or [batch…, M, 1]: broadcast against the codes.
  const lead = dims.length - parameter.dims.length;
  if (lead < 0 || parameter.dims.some((dim, i) => dim !== 1 && dim !== dims[lead + i])) mismatch(node, dims, parameter);
  return (index) => {
    let rest = index;
    let at = 0;
    let stride = 1;
    for (let i = dims.length - 1; i >= lead; i--) {
      const dim = parameter.dims[i - lead]!;
      if (dim !== 1) at += (rest % dims[i]!) * stride;
      stride *= dim;
      rest = Math.floor(rest / dims[i]!);
    }
    return at;
  };
}

function mismatch(node: GraphNode, dims: readonly number[], parameter: Tensor): never {
  fail(
    'model/shape',
    `A quantisation parameter ${formatDims(parameter.dims)} of ${describe(node)} does not fit ${formatDims(dims)}.`,
  );
}

/**
 * Accumulators to codes as ONNX Runtime does it: multiplier and product in float32, rounded half to even, zero point
 * added, saturated. `multiplier(i)` is scaleA · scaleB / scaleY of the element.
 */
export function requantized(
  accumulators: Float64Array,
  dims: readonly number[],
  multiplier: (index: number) => number,
  zeroPoint: Tensor,
): Tensor {
  const [low, high] = integerRange(zeroPoint.dtype);
  const zeros = numbersOf(zeroPoint);
  const out = new Float64Array(accumulators.length);
  for (let i = 0; i < out.length; i++) {
    const value =
      roundHalfEven(Math.fround(Math.fround(accumulators[i]!) * multiplier(i))) +
      zeros[zeros.length === 1 ? 0 : i % zeros.length]!;
    out[i] = value < low ? low : Math.min(value, high);
  }
  return tensorOf(zeroPoint.dtype, dims, out);
}
