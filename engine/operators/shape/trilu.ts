import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { emptyLike, movable, scalarOf } from '../shared/numbers.ts';
import { requireRank, sameAsInput } from '../shared/types.ts';

/** Upper or lower triangle of the last two axes, the k-th diagonal included; zeros elsewhere. */
export const trilu: Operator = {
  op: 'Trilu',
  domain: '',
  opsets: [14, newestOpset],
  infer(node, context) {
    const [x] = sameAsInput(node, context);
    requireRank(node, 'The input', x!, 2, 64);
    return [x!];
  },
  evaluate(node, [x, k]) {
    const upper = intAttribute(node, 'upper', 1) !== 0;
    const diagonal = k === undefined ? 0 : scalarOf(k);
    const [rows, columns] = x!.dims.slice(-2) as [number, number];
    const from = movable(x!);
    const { tensor, data } = emptyLike(x!, x!.dims);
    for (let i = 0; i < data.length; i++) {
      const distance = (i % columns) - (Math.floor(i / columns) % rows);
      if (upper ? distance >= diagonal : distance <= diagonal) data[i] = from[i];
    }
    return [tensor];
  },
};
