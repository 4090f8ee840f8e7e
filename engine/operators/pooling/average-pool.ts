import { lowerPool } from '../../executor/lowerings/pool.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { pool, poolCost, poolType } from './pool.ts';

/** Mean of each window; padding counts as zeros where `count_include_pad` is 1 and is left out otherwise. */
export const averagePool: Operator = {
  op: 'AveragePool',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => [poolType(node, context)],
  evaluate(node, [x]) {
    const includePad = intAttribute(node, 'count_include_pad', 0) !== 0;
    const { dims, values } = pool(node, x!, (input, base, taps, count, padded) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += input[base + taps[i]!]!;
      return sum / (includePad ? padded : count);
    });
    return [tensorOf(x!.dtype, dims, values)];
  },
  cost: poolCost,
  lower: lowerPool('average'),
  quantization: { kind: 'elementwise' },
};
