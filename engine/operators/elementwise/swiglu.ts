import type { Operator } from '../operator.ts';
import { floatAttribute } from '../shared/attributes.ts';
import { mapPair, newestOpset } from '../shared/elementwise.ts';
import { broadcastDims, inputType, valueType } from '../shared/types.ts';
import { sigmoidOf } from './unary.ts';

/** Swish of the first input times the second. */
export const swiGlu: Operator = {
  op: 'SwiGLU',
  domain: '',
  opsets: [27, newestOpset],
  infer(node, context) {
    const [a, b] = [inputType(node, 0, context), inputType(node, 1, context)];
    return [valueType(a.dtype, broadcastDims(node, [a.dims, b.dims]))];
  },
  evaluate(node, [a, b]) {
    const alpha = floatAttribute(node, 'alpha', 1);
    return [mapPair(a!, b!, a!.dtype, (x, y) => x * sigmoidOf(alpha * x) * y)];
  },
};
