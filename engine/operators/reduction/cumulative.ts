import { elementCount } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { normalizeAxis, sameAsInput } from '../shared/types.ts';

/** CumSum and CumProd along an axis; `exclusive` leaves the element itself out, `reverse` runs from the end. */
function cumulative(op: string, start: number, combine: (a: number, b: number) => number, from: number): Operator {
  return {
    op,
    domain: '',
    opsets: [from, newestOpset],
    infer: sameAsInput,
    evaluate(node, [x, axisTensor]) {
      const axis = normalizeAxis(node, scalarOf(axisTensor!), x!.dims.length);
      const exclusive = intAttribute(node, 'exclusive', 0) !== 0;
      const reverse = intAttribute(node, 'reverse', 0) !== 0;
      const size = x!.dims[axis]!;
      const inner = elementCount(x!.dims.slice(axis + 1));
      const values = numbersOf(x!);
      const out = new Float64Array(values.length);
      for (let row = 0; row < values.length / Math.max(size, 1); row++) {
        const base = Math.floor(row / inner) * size * inner + (row % inner);
        let accumulator = start;
        for (let i = 0; i < size; i++) {
          const at = base + (reverse ? size - 1 - i : i) * inner;
          const next = combine(accumulator, values[at]!);
          out[at] = exclusive ? accumulator : next;
          accumulator = next;
        }
      }
      return [tensorOf(x!.dtype, x!.dims, out)];
    },
  };
}

export const cumSum = cumulative('CumSum', 0, (a, b) => a + b, 11);
export const cumProd = cumulative('CumProd', 1, (a, b) => a * b, 26);
