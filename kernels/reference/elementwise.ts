import type { Clamp } from '../api.ts';
import type { BinaryFunction, UnaryFunction } from '../functions.ts';
import { clampNumber, f32, roundHalfToEven } from './float.ts';
import { erf, exp, log, power, sigmoid, sine, softplus, tanh } from './math.ts';

type Unary = (x: number, alpha: number, beta: number) => number;

function hardSigmoid(x: number, alpha: number, beta: number): number {
  return clampNumber(f32(f32(x * alpha) + beta), 0, 1);
}

function elu(x: number, alpha: number): number {
  return x < 0 ? f32(alpha * f32(exp(x) - 1)) : x;
}

/** Meaning of every unary function; arguments and results are float32. */
export const unaryReference: Readonly<Record<UnaryFunction, Unary>> = {
  identity: (x) => x,
  relu: (x) => (x < 0 ? 0 : x),
  leakyRelu: (x, alpha) => (x < 0 ? f32(x * alpha) : x),
  clip: (x, low, high) => clampNumber(x, low, high),
  sigmoid,
  tanh,
  exp,
  log,
  sqrt: (x) => f32(Math.sqrt(x)),
  reciprocal: (x) => f32(1 / x),
  abs: Math.abs,
  neg: (x) => -x,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfToEven,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  erf,
  hardSigmoid,
  hardSwish: (x) => f32(x * hardSigmoid(x, f32(0.16666667), 0.5)),
  gelu: (x) => f32(f32(x * 0.5) * f32(1 + erf(f32(x * f32(0.70710678))))),
  geluTanh: (x) => {
    const cube = f32(f32(f32(x * x) * x) * f32(0.044715));
    return f32(x * sigmoid(f32(f32(x + cube) * f32(1.5957691216))));
  },
  elu,
  selu: (x, alpha, gamma) => f32(gamma * elu(x, alpha)),
  softplus,
  softsign: (x) => f32(x / f32(1 + Math.abs(x))),
  swish: (x, alpha) => f32(x * sigmoid(f32(alpha * x))),
  mish: (x) => f32(x * tanh(softplus(x))),
  sin: (x) => sine(x, 0),
  cos: (x) => sine(x, 1),
  thresholdedRelu: (x, alpha) => (x > alpha ? x : 0),
};

export const binaryReference: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => f32(a + b),
  sub: (a, b) => f32(a - b),
  mul: (a, b) => f32(a * b),
  div: (a, b) => f32(a / b),
  min: Math.min,
  max: Math.max,
  pow: power,
  prelu: (a, b) => (a < 0 ? f32(a * b) : a),
  squaredDifference: (a, b) => f32(f32(a - b) * f32(a - b)),
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessOrEqual: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterOrEqual: (a, b) => (a >= b ? 1 : 0),
};

export function unary(fn: UnaryFunction, x: Float32Array, alpha = fn === 'swish' ? 1 : 0, beta = 0): Float32Array {
  return x.map((value) => unaryReference[fn](value, f32(alpha), f32(beta)));
}

/** Over `dims`, strides in elements, 0 where an operand is broadcast. */
export function binary(
  fn: BinaryFunction,
  a: Float32Array,
  b: Float32Array,
  dims: readonly number[],
  aStrides: readonly number[],
  bStrides: readonly number[],
  clamp: Clamp = {},
): Float32Array {
  const y = new Float32Array(dims.reduce((count, size) => count * size, 1));
  const low = f32(clamp.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(clamp.max ?? Number.POSITIVE_INFINITY);
  for (let i = 0; i < y.length; i++) {
    let rest = i;
    let ai = 0;
    let bi = 0;
    for (let d = dims.length - 1; d >= 0; d--) {
      const index = rest % dims[d]!;
      rest = Math.floor(rest / dims[d]!);
      ai += index * aStrides[d]!;
      bi += index * bStrides[d]!;
    }
    y[i] = clampNumber(binaryReference[fn](a[ai]!, b[bi]!), low, high);
  }
  return y;
}

/** y[r, c] = clamp(x[r, c] · scale[c] + shift[c]). */
export function affine(x: Float32Array, scale: Float32Array, shift: Float32Array, clamp: Clamp = {}): Float32Array {
  const low = f32(clamp.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(clamp.max ?? Number.POSITIVE_INFINITY);
  const channels = scale.length;
  return x.map((value, i) => clampNumber(f32(f32(value * scale[i % channels]!) + shift[i % channels]!), low, high));
}

/** y[r, c] = clamp(⌊x[r, c] · scale[c] + shift[c]⌋), product and sum in float64. */
export function floorAffine(
  x: Float32Array,
  channels: number,
  scale: Float64Array,
  shift: Float64Array,
  clamp: Clamp = {},
): Float32Array {
  const low = f32(clamp.min ?? Number.NEGATIVE_INFINITY);
  const high = f32(clamp.max ?? Number.POSITIVE_INFINITY);
  return x.map((value, i) =>
    clampNumber(f32(Math.floor(value * scale[i % channels]! + shift[i % channels]!)), low, high),
  );
}
