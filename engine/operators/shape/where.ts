import type { Operator } from '../operator.ts';
import { broadcastShape } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { expandTo } from '../shared/movement.ts';
import { emptyLike, movable } from '../shared/numbers.ts';
import { broadcastDims, inputType, requireSameType, valueType } from '../shared/types.ts';

/** Elements of x where the condition holds, of y elsewhere; all three broadcast. */
export const where: Operator = {
  op: 'Where',
  domain: '',
  opsets: [9, newestOpset],
  infer(node, context) {
    const condition = inputType(node, 0, context);
    const x = inputType(node, 1, context);
    const y = inputType(node, 2, context);
    requireSameType(node, x, y);
    return [valueType(x.dtype, broadcastDims(node, [condition.dims, x.dims, y.dims]))];
  },
  evaluate(_node, [condition, x, y]) {
    const dims = broadcastShape([condition!.dims, x!.dims, y!.dims]);
    const choice = movable(expandTo(condition!, dims));
    const left = movable(expandTo(x!, dims));
    const right = movable(expandTo(y!, dims));
    const { tensor, data } = emptyLike(x!, dims);
    for (let i = 0; i < data.length; i++) data[i] = choice[i] ? left[i] : right[i];
    return [tensor];
  },
};
