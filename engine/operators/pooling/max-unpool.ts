import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
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
    const dims = shape === undefined ? (unpooledDims(node, x!.dims) as number[]) : integersOf(shape);
    const out = new Float64Array(elementCount(dims));
    const values = numbersOf(x!);
    const places = numbersOf(indices!);
    for (let i = 0; i < values.length; i++) {
      const place = places[i]!;
      if (place >= 0 && place < out.length) out[place] = values[i]!;
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
