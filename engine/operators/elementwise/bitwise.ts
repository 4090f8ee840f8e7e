import { fail } from '../../findings.ts';
import type { Operator } from '../operator.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { binaryOperator, mapPair, unaryOperator } from '../shared/elementwise.ts';
import { bitsOf } from '../shared/numbers.ts';

export const bitwiseAnd = binaryOperator('BitwiseAnd', (a, b) => a & b, { wide: (a, b) => a & b, from: 18 });
export const bitwiseOr = binaryOperator('BitwiseOr', (a, b) => a | b, { wide: (a, b) => a | b, from: 18 });
export const bitwiseXor = binaryOperator('BitwiseXor', (a, b) => a ^ b, { wide: (a, b) => a ^ b, from: 18 });
export const bitwiseNot = unaryOperator('BitwiseNot', (x) => ~x, { wide: (x) => ~x, from: 18 });

/**
 * Shift of integers; right shifts of signed ones keep the sign. An amount that is negative or no less than the width
 * shifts every bit out.
 */
const shift = binaryOperator('BitShift', () => 0, { from: 11 });
export const bitShift: Operator = {
  ...shift,
  evaluate(node, [a, b]) {
    const direction = stringAttribute(node, 'direction');
    if (direction !== 'LEFT' && direction !== 'RIGHT')
      fail('model/attribute', `The direction of ${describe(node)} is neither LEFT nor RIGHT.`);
    const width = bitsOf(a!.dtype);
    const left = direction === 'LEFT';
    const narrow = (x: number, n: number) => {
      if (n < 0 || n >= width) return left || x >= 0 ? 0 : -1;
      if (left) return x << n;
      return a!.dtype === 'uint32' ? x >>> n : x >> n;
    };
    const wide = (x: bigint, n: bigint) => {
      if (n < 0n || n >= 64n) return left || x >= 0n ? 0n : -1n;
      return left ? x << n : x >> n;
    };
    return [mapPair(a!, b!, a!.dtype, narrow, wide)];
  },
};
