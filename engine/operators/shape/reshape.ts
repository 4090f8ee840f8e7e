import { lowerReshape } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, intsAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { reshaped } from '../shared/movement.ts';
import { integersOf } from '../shared/numbers.ts';
import { dimensionInput, formatDims, inputType, isStatic, normalizeAxis, product, valueType } from '../shared/types.ts';

/** The same elements in another shape: 0 copies a dimension (unless `allowzero`), −1 is what remains. */
export const reshape: Operator = {
  op: 'Reshape',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const target = context.opset < 5 ? intsAttribute(node, 'shape') : dimensionInput(node, 1, context);
    if (target === undefined) return [valueType(x.dtype, ofLength(context.type(node.inputs[1] ?? '')?.dims))];
    return [valueType(x.dtype, reshapedDims(node, x.dims, target))];
  },
  inferElements: (node, context) => {
    const elements = context.dimensions(node.inputs[0] ?? '');
    const rank = context.type(node.outputs[0] ?? '')?.dims?.length;
    return rank !== undefined && rank <= 1 ? elements : undefined;
  },
  evaluate(node, [x, shape], { opset }) {
    const target = opset < 5 ? (intsAttribute(node, 'shape') ?? []) : integersOf(shape!);
    return [reshaped(x!, reshapedDims(node, x!.dims, target) as number[])];
  },
  lower: lowerReshape,
  quantization: { kind: 'same-scale' },
};

/** A shape of known length and unknown dimensions, from the type of the shape input. */
function ofLength(dims: readonly Dimension[] | undefined): Dimension[] | undefined {
  const length = dims?.[0];
  return dims?.length === 1 && typeof length === 'number' && length <= 64
    ? new Array<Dimension>(length).fill(undefined)
    : undefined;
}

export function reshapedDims(
  node: GraphNode,
  dims: readonly Dimension[] | undefined,
  target: readonly Dimension[],
): Dimension[] {
  const allowZero = intAttribute(node, 'allowzero', 0) !== 0;
  let open = -1;
  const out = target.map((dim, i): Dimension => {
    if (dim === 0 && !allowZero) {
      if (dims !== undefined && i >= dims.length)
        fail('model/shape', `${describe(node)} copies dimension ${i} of ${formatDims(dims)}, which is not there.`);
      return dims?.[i];
    }
    if (dim === -1) {
      if (open >= 0)
        fail('model/shape', `The shape ${formatDims(target)} of ${describe(node)} leaves two dimensions open.`);
      open = i;
      return undefined;
    }
    if (typeof dim === 'number' && !(Number.isSafeInteger(dim) && dim >= 0))
      fail('model/shape', `The shape ${formatDims(target)} of ${describe(node)} is not a shape.`);
    return dim;
  });
  if (dims === undefined) return out;
  if (open < 0) {
    const before = product(dims);
    const after = product(out);
    if (before !== undefined && after !== undefined && before !== after) mismatch(node, dims, target);
    solveUnknown(dims, out);
    return out;
  }
  out[open] = remaining(node, dims, out, open, target);
  return out;
}

/** What −1 stands for: dimensions that stand on both sides cancel, so that symbolic ones pass through. */
function remaining(
  node: GraphNode,
  dims: readonly Dimension[],
  out: readonly Dimension[],
  open: number,
  target: readonly Dimension[],
): Dimension {
  if (isStatic(dims)) {
    const known = out.filter((_, i) => i !== open);
    const rest = product(known);
    if (rest === undefined) return undefined;
    const total = elementCount(dims);
    if (rest === 0 || total % rest !== 0) mismatch(node, dims, target);
    return total / rest;
  }
  const left = [...dims];
  let divisor = 1;
  for (const [i, dim] of out.entries()) {
    if (i === open) continue;
    if (typeof dim === 'number') divisor *= dim;
    else {
      const at = dim === undefined ? -1 : left.indexOf(dim);
      if (at < 0) return undefined;
      left.splice(at, 1);
    }
  }
  const symbols = left.filter((dim) => typeof dim !== 'number');
  const factor = (product(left.filter((dim) => typeof dim === 'number')) ?? 1) / divisor;
  if (symbols.length === 0 && Number.isInteger(factor)) return factor;
  return symbols.length === 1 && factor === 1 ? symbols[0] : undefined;
}

/** One unknown among known dimensions follows from the number of elements. */
function solveUnknown(dims: readonly Dimension[], out: Dimension[]): void {
  const unknown = out.flatMap((dim, i) => (typeof dim === 'number' ? [] : [i]));
  const total = product(dims);
  if (unknown.length !== 1 || total === undefined) return;
  const rest = product(out.filter((dim) => typeof dim === 'number'))!;
  if (rest > 0 && total % rest === 0) out[unknown[0]!] = total / rest;
}

function mismatch(node: GraphNode, dims: readonly Dimension[], target: readonly Dimension[]): never {
  fail(
    'model/shape',
    `${describe(node)} cannot make ${formatDims(target)} of ${formatDims(dims)}: the numbers of elements differ.`,
  );
}

/** [d0 … d(axis−1), the rest] as a matrix. */
export const flatten: Operator = {
  op: 'Flatten',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [valueType(x.dtype, [undefined, undefined])];
    const axis = flattenAxis(node, x.dims.length);
    return [valueType(x.dtype, [only(x.dims.slice(0, axis)), only(x.dims.slice(axis))])];
  },
  evaluate(node, [x]) {
    const axis = flattenAxis(node, x!.dims.length);
    return [reshaped(x!, [elementCount(x!.dims.slice(0, axis)), elementCount(x!.dims.slice(axis))])];
  },
  lower: lowerReshape,
  quantization: { kind: 'same-scale' },
};

function flattenAxis(node: GraphNode, rank: number): number {
  const axis = intAttribute(node, 'axis', 1);
  return axis === rank ? rank : normalizeAxis(node, axis, rank === 0 ? 1 : rank);
}

/** Product, where a single symbolic dimension times ones stays itself. */
function only(dims: readonly Dimension[]): Dimension {
  const rest = dims.filter((dim) => dim !== 1);
  return rest.length === 1 ? rest[0] : product(dims);
}
