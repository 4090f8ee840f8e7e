import { lowerBinary } from '../../executor/lowerings/elementwise.ts';
import type { DataType } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { binaryOperator, legacyOperand, mapPair, pairElements } from '../shared/elementwise.ts';
import { isFloat } from '../shared/numbers.ts';

/** Add, Sub, Mul, Div, Mod, Pow: two inputs, numpy broadcasting. */
const role = { kind: 'elementwise' } as const;

const add2 = (a: number, b: number) => a + b;
const sub2 = (a: number, b: number) => a - b;
const mul2 = (a: number, b: number) => a * b;

export const add = binaryOperator('Add', add2, {
  wide: (a, b) => a + b,
  elements: (node, context) => pairElements(node, context, add2),
  lower: lowerBinary('add'),
  quantization: role,
});

export const sub = binaryOperator('Sub', sub2, {
  wide: (a, b) => a - b,
  elements: (node, context) => pairElements(node, context, sub2),
  lower: lowerBinary('sub'),
  quantization: role,
});

export const mul = binaryOperator('Mul', mul2, {
  wide: (a, b) => a * b,
  narrow: Math.imul,
  elements: (node, context) => pairElements(node, context, mul2),
  lower: lowerBinary('mul'),
  quantization: role,
});

/** Integers divide toward zero; a division by zero, which the specification leaves open, gives 0. */
export const div = binaryOperator('Div', (a, b) => a / b, {
  wide: (a, b) => (b === 0n ? 0n : a / b),
  narrow: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  elements: (node, context) => pairElements(node, context, (a, b) => (b === 0 ? 0 : Math.trunc(a / b))),
  lower: lowerBinary('div'),
  quantization: role,
});

/** Remainder with the sign of the divisor, or of the dividend where `fmod` is 1. */
const remainder = binaryOperator('Mod', (a, b) => a % b);
export const mod: Operator = {
  ...remainder,
  opsets: [10, remainder.opsets[1]],
  evaluate(node, [a, b], { opset }) {
    const divisor = legacyOperand(node, a!, b!, opset);
    const truncated = intAttribute(node, 'fmod', 0) === 1;
    return [
      mapPair(
        a!,
        divisor,
        a!.dtype,
        truncated ? (x, y) => x % y : floored,
        truncated ? (x, y) => (y === 0n ? 0n : x % y) : (x, y) => (y === 0n ? 0n : ((x % y) + y) % y),
      ),
    ];
  },
};

/** Remainder with the sign of the divisor; integers modulo 0, which the specification leaves open, give 0 (from NaN). */
function floored(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

const power = binaryOperator('Pow', (a, b) => a ** b, { lower: lowerBinary('pow'), mixed: true });
export const pow: Operator = {
  ...power,
  evaluate(node, [a, b], { opset }) {
    return [mapPair(a!, legacyOperand(node, a!, b!, opset), a!.dtype, (x, y) => x ** y, widePower(a!.dtype, b!.dtype))];
  },
};

/** 64-bit powers exactly, where both operands are integers. */
function widePower(base: DataType, exponent: DataType): ((a: bigint, b: bigint) => bigint) | undefined {
  if (isFloat(base) || isFloat(exponent)) return undefined;
  return (a, b) => (b < 0n || b > 4096n ? BigInt(Math.trunc(Number(a) ** Number(b)) || 0) : a ** b);
}
