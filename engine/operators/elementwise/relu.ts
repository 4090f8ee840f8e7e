import { lowerUnary } from '../../executor/lowerings/elementwise.ts';
import { unaryOperator } from '../shared/elementwise.ts';

/** max(0, x); NaN stays NaN. */
export const relu = unaryOperator('Relu', (x) => Math.max(x, 0), {
  wide: (x) => (x < 0n ? 0n : x),
  lower: lowerUnary('relu'),
  quantization: { kind: 'activation' },
});
