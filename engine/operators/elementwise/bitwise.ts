import { fail } from '../../findings.ts';
import type { Operator } from '../operator.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { binaryOperator, mapPair, unaryOperator } from '../shared/elementwise.ts';
import { bitsOf } from '../shared/numbers.ts';

export const bitwiseAnd = binaryOperator('BitwiseAnd', (a, b) => a & b, { wide: (a, b) => a & b, from: 18 });
export const bitwiseOr = binaryOperator('BitwiseOr', (a, b) => a | b, { wide: (a, b) => a | b, from: 18 });
export const bitwiseXor = binaryOperator('BitwiseXor', (a, b) => a ^ b, { wide: (a, b) => a ^ b, from: 18 });
export const bitwiseNot = unaryOperator('BitwiseNot', (x) => ~x, { wide: (x) => ~x, from: 18 });

/** Logical shift of unsigned integers; a shift by the width or more gives 0. */
const shift = binaryOperator('BitShift', () => 0, { from: 11 });
export const bitShift: Operator = {
  ...shift,
  evaluate(node, [a, b]) {
    const direction = stringAttribute(node, 'direction');
    if (direction !== 'LEFT' && direction !== 'RIGHT')
      fail('model/attribute', `The direction of ${describe(node)} is neither LEFT nor RIGHT.`);
    const width = bitsOf(a!.dtype);
    const left = direction === 'LEFT';
    return [
      mapPair(
        a!,
        b!,
        a!.dtype,
        (x, n) => (n >= width ? 0 : left ? x << n : x >>> n),
        (x, n) => (n >= 64n ? 0n : left ? BigInt.asUintN(64, x << n) : x >> n),
      ),
    ];
  },
};
