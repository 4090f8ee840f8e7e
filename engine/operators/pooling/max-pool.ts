import { lowerPool } from '../../executor/lowerings/pool.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { hasOutput } from '../shared/types.ts';
import { pool, poolCost, poolType } from './pool.ts';

/**
 * Largest element of each window; padding never wins. The optional second output holds the winner's index in the whole
 * input, counted row-major or, where `storage_order` is 1, with the last two spatial axes swapped.
 */
export const maxPool: Operator = {
  op: 'MaxPool',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const y = poolType(node, context);
    return hasOutput(node, 1) ? [y, { ...y, dtype: 'int64' }] : [y];
  },
  evaluate(node, [x]) {
    const { dims, values } = pool(node, x!, (input, base, taps, count) => {
      const at = winner(input, base, taps, count);
      return at < 0 ? -Infinity : input[base + at]!;
    });
    const y = tensorOf(x!.dtype, dims, values);
    if (!hasOutput(node, 1)) return [y];
    const height = x!.dims[x!.dims.length - 2]!;
    const width = x!.dims[x!.dims.length - 1]!;
    const swap = intAttribute(node, 'storage_order', 0) === 1;
    const indices = pool(node, x!, (input, base, taps, count) => {
      const at = winner(input, base, taps, count);
      if (!swap) return base + at;
      const inPlane = at % (height * width);
      return base + at - inPlane + (inPlane % width) * height + Math.floor(inPlane / width);
    });
    return [y, tensorOf('int64', dims, indices.values)];
  },
  cost: poolCost,
  lower: lowerPool('max'),
  quantization: { kind: 'same-scale' },
};

/** Offset of the first largest element among the taps, NaN before all; -1 where there is no tap. */
function winner(input: ArrayLike<number>, base: number, taps: Int32Array, count: number): number {
  let best = -1;
  let value = -Infinity;
  for (let i = 0; i < count; i++) {
    const candidate = input[base + taps[i]!]!;
    if (best < 0 || candidate > value || Number.isNaN(candidate)) {
      best = taps[i]!;
      value = candidate;
    }
  }
  return best;
}
