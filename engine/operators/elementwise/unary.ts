import { lowerUnary } from '../../executor/lowerings/elementwise.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import { unaryOperator } from '../shared/elementwise.ts';
import { erfOf } from '../shared/special.ts';

/** Elementwise functions of one input without attributes, activations among them. */
export const abs = unaryOperator('Abs', Math.abs, { wide: (x) => (x < 0n ? -x : x), lower: lowerUnary('abs') });
export const neg = unaryOperator('Neg', (x) => -x, { wide: (x) => -x, lower: lowerUnary('neg') });
export const sign = unaryOperator('Sign', Math.sign, {
  wide: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  from: 9,
  lower: lowerUnary('sign'),
});
export const reciprocal = unaryOperator('Reciprocal', (x) => 1 / x, { lower: lowerUnary('reciprocal') });
export const sqrt = unaryOperator('Sqrt', Math.sqrt, { lower: lowerUnary('sqrt') });
export const exp = unaryOperator('Exp', Math.exp, { lower: lowerUnary('exp') });
export const log = unaryOperator('Log', Math.log, { lower: lowerUnary('log') });
export const ceil = unaryOperator('Ceil', Math.ceil, { lower: lowerUnary('ceil') });
export const floor = unaryOperator('Floor', Math.floor, { lower: lowerUnary('floor') });
export const round = unaryOperator('Round', roundHalfEven, { from: 11, lower: lowerUnary('round') });
export const erf = unaryOperator('Erf', erfOf, { from: 9, lower: lowerUnary('erf') });

export const sin = unaryOperator('Sin', Math.sin, { lower: lowerUnary('sin') });
export const cos = unaryOperator('Cos', Math.cos, { lower: lowerUnary('cos') });
export const tan = unaryOperator('Tan', Math.tan);
export const asin = unaryOperator('Asin', Math.asin);
export const acos = unaryOperator('Acos', Math.acos);
export const atan = unaryOperator('Atan', Math.atan);
export const sinh = unaryOperator('Sinh', Math.sinh, { from: 9 });
export const cosh = unaryOperator('Cosh', Math.cosh, { from: 9 });
export const tanh = unaryOperator('Tanh', Math.tanh, {
  quantization: { kind: 'elementwise' },
  lower: lowerUnary('tanh'),
});
export const asinh = unaryOperator('Asinh', Math.asinh, { from: 9 });
export const acosh = unaryOperator('Acosh', Math.acosh, { from: 9 });
export const atanh = unaryOperator('Atanh', Math.atanh, { from: 9 });

export const softplus = unaryOperator('Softplus', softplusOf, { lower: lowerUnary('softplus') });
export const softsign = unaryOperator('Softsign', (x) => x / (1 + Math.abs(x)), { lower: lowerUnary('softsign') });
export const mish = unaryOperator('Mish', (x) => x * Math.tanh(softplusOf(x)), { from: 18, lower: lowerUnary('mish') });
export const hardSwish = unaryOperator('HardSwish', (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)), {
  quantization: { kind: 'elementwise' },
  from: 14,
  lower: lowerUnary('hardSwish'),
});
export const sigmoid = unaryOperator('Sigmoid', sigmoidOf, {
  quantization: { kind: 'elementwise' },
  lower: lowerUnary('sigmoid'),
});

/** ln(1 + eˣ) without overflow. */
function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function sigmoidOf(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
