import { lowerReshape } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, intsAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { reshaped } from '../shared/movement.ts';
import { integersOf } from '../shared/numbers.ts';
import { constantInts, formatDims, hasInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';

/** Squeeze and Unsqueeze: axes are an attribute before operator set 13 and an input since. */
function inferredAxes(node: GraphNode, context: InferContext): number[] | undefined | 'unknown' {
  if (context.opset < 13) return intsAttribute(node, 'axes');
  if (!hasInput(node, 1)) return undefined;
  return constantInts(node, 1, context) ?? 'unknown';
}

function givenAxes(node: GraphNode, axes: Tensor | undefined, opset: number): number[] | undefined {
  return opset < 13 ? intsAttribute(node, 'axes') : axes && integersOf(axes);
}

/** Elements pass through while the output is a vector or a scalar. */
const elements: NonNullable<Operator['inferElements']> = (node, context) => {
  const rank = context.type(node.outputs[0] ?? '')?.dims?.length;
  return rank !== undefined && rank <= 1 ? context.dimensions(node.inputs[0] ?? '') : undefined;
};

export const squeeze: Operator = {
  op: 'Squeeze',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const axes = inferredAxes(node, context);
    if (axes === 'unknown' || x.dims === undefined) return [valueType(x.dtype, undefined)];
    return [valueType(x.dtype, squeezedDims(node, x.dims, axes))];
  },
  inferElements: elements,
  evaluate: (node, [x, axes], { opset }) => [
    reshaped(x!, squeezedDims(node, x!.dims, givenAxes(node, axes, opset)) as number[]),
  ],
  lower: lowerReshape,
  quantization: { kind: 'same-scale' },
};

function squeezedDims(
  node: GraphNode,
  dims: readonly Dimension[],
  axes: number[] | undefined,
): Dimension[] | undefined {
  if (axes === undefined)
    return dims.every((dim) => typeof dim === 'number') ? dims.filter((dim) => dim !== 1) : undefined;
  const gone = new Set(normalizeAxes(node, axes, dims.length));
  for (const axis of gone)
    if (typeof dims[axis] === 'number' && dims[axis] !== 1)
      fail('model/shape', `${describe(node)} removes axis ${axis} of ${formatDims(dims)}, which is not 1.`);
  return dims.filter((_, axis) => !gone.has(axis));
}

export const unsqueeze: Operator = {
  op: 'Unsqueeze',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const axes = inferredAxes(node, context);
    if (axes === 'unknown' || x.dims === undefined) return [valueType(x.dtype, undefined)];
    return [valueType(x.dtype, unsqueezedDims(node, x.dims, axes))];
  },
  inferElements: elements,
  evaluate: (node, [x, axes], { opset }) => [
    reshaped(x!, unsqueezedDims(node, x!.dims, givenAxes(node, axes, opset)) as number[]),
  ],
  lower: lowerReshape,
  quantization: { kind: 'same-scale' },
};

function unsqueezedDims(node: GraphNode, dims: readonly Dimension[], axes: number[] | undefined): Dimension[] {
  if (axes === undefined) fail('model/attribute', `${describe(node)} does not say which axes to insert.`);
  if (axes.length > 64) fail('model/rank', `${describe(node)} inserts ${axes.length} axes.`);
  const rank = dims.length + axes.length;
  const added = new Set(normalizeAxes(node, axes, rank));
  const rest = dims[Symbol.iterator]();
  return Array.from({ length: rank }, (_, axis): Dimension => (added.has(axis) ? 1 : rest.next().value));
}
