import type { Operator } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { pool, poolCost, poolType } from './pool.ts';

/** p-norm of each window. */
export const lpPool: Operator = {
  op: 'LpPool',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => [poolType(node, context)],
  evaluate(node, [x]) {
    const p = node.attributes['p']?.kind === 'float' ? floatAttribute(node, 'p', 2) : intAttribute(node, 'p', 2);
    const { dims, values } = pool(node, x!, (input, base, taps, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += Math.abs(input[base + taps[i]!]!) ** p;
      return sum ** (1 / p);
    });
    return [tensorOf(x!.dtype, dims, values)];
  },
  cost: poolCost,
};
