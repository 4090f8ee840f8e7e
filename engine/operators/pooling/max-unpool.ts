import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe } from '../shared/attributes.ts';
import { stridedOffsets, stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { dimensionInput, hasInput, inputType, requireRank, valueType } from '../shared/types.ts';
import { type Window, windowOf } from '../shared/windows.ts';

/** Inverse of MaxPool with indices: puts each element to its index in the output, zeros elsewhere. */
export const maxUnpool: Operator = {
  op: 'MaxUnpool',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 3, 8);
    if (hasInput(node, 2)) return [valueType(x.dtype, dimensionInput(node, 2, context))];
    return [valueType(x.dtype, x.dims && unpooledDims(node, x.dims))];
  },
  evaluate(node, [x, indices, shape]) {
    // Indices count in the shape that the window leads to; in a larger output the elements keep their coordinates.
    const natural = unpooledDims(node, x!.dims) as number[];
    const dims = shape === undefined ? natural : integersOf(shape);
    const places = stridedOffsets(natural, stridesOf(dims));
    const out = new Float64Array(elementCount(dims));
    const values = numbersOf(x!);
    const at = numbersOf(indices!);
    for (let i = 0; i < values.length; i++) {
      const place = places[at[i]!];
      if (place === undefined)
        fail('run/index', `${describe(node)} puts an element to index ${at[i]}, which is outside.`);
      out[place] = values[i]!;
    }
    return [tensorOf(x!.dtype, dims, out)];
  },
};

function unpooledDims(node: GraphNode, dims: readonly Dimension[]): Dimension[] {
  const window = windowOf(node, dims.length - 2);
  return dims.map((dim, i) =>
    i < 2 || typeof dim !== 'number' ? (i < 2 ? dim : undefined) : unpooled(window, dim, i - 2),
  );
}

function unpooled(window: Window, size: number, axis: number): number {
  const pads = window.padsBegin[axis]! + window.padsEnd[axis]!;
  return (size - 1) * window.strides[axis]! + window.kernel[axis]! - pads;
}
