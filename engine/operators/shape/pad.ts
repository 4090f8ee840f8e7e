import { lowerPad } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension, Tensor } from '../../tensor.ts';
import type { InferContext, Operator } from '../operator.ts';
import { describe, floatAttribute, intsAttribute, missing, stringAttribute } from '../shared/attributes.ts';
import { stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, integersOf, movable, tensorOf } from '../shared/numbers.ts';
import { constantInts, hasInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';

/** Adds (or, with negative pads, removes) elements around a tensor: constant, edge, reflect or wrap. */
export const pad: Operator = {
  op: 'Pad',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const pads = inferredPads(node, context, x.dims?.length);
    if (x.dims === undefined || pads === undefined)
      return [
        valueType(
          x.dtype,
          x.dims?.map(() => undefined),
        ),
      ];
    return [valueType(x.dtype, paddedDims(node, x.dims, pads))];
  },
  evaluate(node, [x, pads, value, axes], { opset }) {
    const amounts =
      opset < 11 ? attributePads(node) : spread(node, integersOf(pads!), axes && integersOf(axes), x!.dims.length);
    const dims = paddedDims(node, x!.dims, amounts) as number[];
    const fill = opset < 11 ? tensorOf(x!.dtype, [], [floatAttribute(node, 'value', 0)]) : value;
    return [padded(node, x!, amounts, dims, stringAttribute(node, 'mode', 'constant'), fill)];
  },
  lower: lowerPad,
  quantization: { kind: 'same-scale' },
};

function attributePads(node: GraphNode): number[] {
  return intsAttribute(node, 'pads') ?? intsAttribute(node, 'paddings') ?? missing(node, 'pads');
}

/** Begin pads of all axes, then end pads; undefined where they are not known before running. */
export function inferredPads(node: GraphNode, context: InferContext, rank: number | undefined): number[] | undefined {
  if (context.opset < 11) return attributePads(node);
  const pads = constantInts(node, 1, context);
  const axes = constantInts(node, 3, context);
  if (pads === undefined || rank === undefined || (hasInput(node, 3) && axes === undefined)) return undefined;
  return spread(node, pads, axes, rank);
}

function spread(node: GraphNode, pads: readonly number[], axes: readonly number[] | undefined, rank: number): number[] {
  const named = normalizeAxes(node, axes ?? Array.from({ length: rank }, (_, i) => i), rank);
  if (pads.length !== 2 * named.length)
    fail('model/shape', `${describe(node)} has ${pads.length} pads for ${named.length} axes.`);
  const out = new Array<number>(2 * rank).fill(0);
  named.forEach((axis, i) => {
    out[axis] = pads[i]!;
    out[axis + rank] = pads[i + named.length]!;
  });
  return out;
}

function paddedDims(node: GraphNode, dims: readonly Dimension[], pads: readonly number[]): Dimension[] {
  if (pads.length !== 2 * dims.length)
    fail('model/shape', `${describe(node)} has ${pads.length} pads for ${dims.length} axes.`);
  return dims.map((dim, i) => {
    const total = pads[i]! + pads[i + dims.length]!;
    if (typeof dim !== 'number') return total === 0 ? dim : undefined;
    if (!(Number.isSafeInteger(dim + total) && dim + total >= 0))
      fail('model/shape', `${describe(node)} pads axis ${i} of size ${dim} by ${total}.`);
    return dim + total;
  });
}

function padded(
  node: GraphNode,
  x: Tensor,
  pads: readonly number[],
  dims: readonly number[],
  mode: string,
  fill: Tensor | undefined,
): Tensor {
  if (!['constant', 'edge', 'reflect', 'wrap'].includes(mode))
    fail('model/attribute', `The mode of ${describe(node)} is “${mode}”.`);
  const { tensor: out, data } = emptyLike(x, dims);
  const from = movable(x);
  const strides = stridesOf(x.dims);
  // Source offset of every output coordinate, axis by axis; -1 marks padding of the constant mode.
  const sources = dims.map((size, axis) =>
    Int32Array.from({ length: size }, (_, i) => source(i - pads[axis]!, x.dims[axis]!, mode)),
  );
  const constant = fill && movable(fill)[0];
  const coordinates = new Array<number>(dims.length).fill(0);
  for (let n = 0; n < data.length; n++) {
    let offset = 0;
    for (let axis = 0; axis < dims.length; axis++) {
      const at = sources[axis]![coordinates[axis]!]!;
      if (at < 0) {
        offset = -1;
        break;
      }
      offset += at * strides[axis]!;
    }
    if (offset >= 0) data[n] = from[offset];
    else if (constant !== undefined) data[n] = constant;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (++coordinates[axis]! < dims[axis]!) break;
      coordinates[axis] = 0;
    }
  }
  return out;
}

function source(at: number, size: number, mode: string): number {
  if (at >= 0 && at < size) return at;
  if (mode === 'constant' || size === 0) return -1;
  if (mode === 'edge') return at < 0 ? 0 : size - 1;
  if (mode === 'wrap') return ((at % size) + size) % size;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((at % period) + period) % period;
  return folded < size ? folded : period - folded;
}
