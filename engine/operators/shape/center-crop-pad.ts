import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intsAttribute } from '../shared/attributes.ts';
import { stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, integersOf, movable } from '../shared/numbers.ts';
import { dimensionInput, inputType, normalizeAxes, valueType } from '../shared/types.ts';

/** Crops or zero-pads axes about their centre to a given size; the odd element goes to the end. */
export const centerCropPad: Operator = {
  op: 'CenterCropPad',
  domain: '',
  opsets: [18, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    if (x.dims === undefined) return [x];
    const shape = dimensionInput(node, 1, context);
    return [valueType(x.dtype, targetDims(node, x.dims, shape))];
  },
  evaluate(node, [x, shape]) {
    const dims = targetDims(node, x!.dims, integersOf(shape!)) as number[];
    const from = movable(x!);
    const { tensor, data } = emptyLike(x!, dims);
    const strides = stridesOf(x!.dims);
    const shifts = dims.map((dim, i) => {
      const size = x!.dims[i]!;
      return dim <= size ? Math.floor((size - dim) / 2) : -Math.floor((dim - size) / 2);
    });
    const coordinates = new Array<number>(dims.length).fill(0);
    for (let n = 0; n < data.length; n++) {
      let offset = 0;
      for (let i = 0; i < dims.length && offset >= 0; i++) {
        const at = coordinates[i]! + shifts[i]!;
        offset = at >= 0 && at < x!.dims[i]! ? offset + at * strides[i]! : -1;
      }
      if (offset >= 0) data[n] = from[offset];
      for (let i = dims.length - 1; i >= 0; i--) {
        if (++coordinates[i]! < dims[i]!) break;
        coordinates[i] = 0;
      }
    }
    return [tensor];
  },
};

function targetDims(node: GraphNode, dims: readonly Dimension[], shape: readonly Dimension[] | undefined): Dimension[] {
  const axes = normalizeAxes(node, intsAttribute(node, 'axes') ?? dims.map((_, i) => i), dims.length);
  if (shape !== undefined && shape.length !== axes.length)
    fail('model/shape', `${describe(node)} has ${shape.length} sizes for ${axes.length} axes.`);
  return dims.map((dim, i) => (axes.includes(i) ? shape?.[axes.indexOf(i)] : dim));
}
