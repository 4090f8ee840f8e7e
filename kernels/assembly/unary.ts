// Unary functions of four lanes, named as in kernels/functions.ts. a and b are alpha and beta.
import { erf4, exp4, log4, sigmoid4, sin4, softplus4, tanh4 } from './math';

// @ts-ignore: decorator
@inline export function identity(x: v128, a: v128, b: v128): v128 { return x; }
// @ts-ignore: decorator
@inline export function relu(x: v128, a: v128, b: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
// @ts-ignore: decorator
@inline export function leakyRelu(x: v128, a: v128, b: v128): v128 {
  return v128.bitselect(f32x4.mul(x, a), x, f32x4.lt(x, f32x4.splat(0)));
}
// @ts-ignore: decorator
@inline export function clip(x: v128, a: v128, b: v128): v128 { return f32x4.pmin(f32x4.pmax(x, a), b); }
// @ts-ignore: decorator
@inline export function sigmoid(x: v128, a: v128, b: v128): v128 { return sigmoid4(x); }
// @ts-ignore: decorator
@inline export function tanh(x: v128, a: v128, b: v128): v128 { return tanh4(x); }
// @ts-ignore: decorator
@inline export function exp(x: v128, a: v128, b: v128): v128 { return exp4(x); }
// @ts-ignore: decorator
@inline export function log(x: v128, a: v128, b: v128): v128 { return log4(x); }
// @ts-ignore: decorator
@inline export function sqrt(x: v128, a: v128, b: v128): v128 { return f32x4.sqrt(x); }
// @ts-ignore: decorator
@inline export function reciprocal(x: v128, a: v128, b: v128): v128 { return f32x4.div(f32x4.splat(1), x); }
// @ts-ignore: decorator
@inline export function abs(x: v128, a: v128, b: v128): v128 { return f32x4.abs(x); }
// @ts-ignore: decorator
@inline export function neg(x: v128, a: v128, b: v128): v128 { return f32x4.neg(x); }
// @ts-ignore: decorator
@inline export function floor(x: v128, a: v128, b: v128): v128 { return f32x4.floor(x); }
// @ts-ignore: decorator
@inline export function ceil(x: v128, a: v128, b: v128): v128 { return f32x4.ceil(x); }
// @ts-ignore: decorator
@inline export function round(x: v128, a: v128, b: v128): v128 { return f32x4.nearest(x); }
// @ts-ignore: decorator
@inline export function sign(x: v128, a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const positive = v128.bitselect(f32x4.splat(1), x, f32x4.gt(x, zero));
  return v128.bitselect(f32x4.splat(-1), positive, f32x4.lt(x, zero));
}
// @ts-ignore: decorator
@inline export function erf(x: v128, a: v128, b: v128): v128 { return erf4(x); }
// @ts-ignore: decorator
@inline export function hardSigmoid(x: v128, a: v128, b: v128): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.add(f32x4.mul(x, a), b), f32x4.splat(0)), f32x4.splat(1));
}
// @ts-ignore: decorator
@inline export function hardSwish(x: v128, a: v128, b: v128): v128 {
  return f32x4.mul(x, hardSigmoid(x, f32x4.splat(0.16666667), f32x4.splat(0.5)));
}
// @ts-ignore: decorator
@inline export function gelu(x: v128, a: v128, b: v128): v128 {
  const e = erf4(f32x4.mul(x, f32x4.splat(0.70710678)));
  return f32x4.mul(f32x4.mul(x, f32x4.splat(0.5)), f32x4.add(f32x4.splat(1), e));
}
// @ts-ignore: decorator
@inline export function geluTanh(x: v128, a: v128, b: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(f32x4.mul(x, x), x), f32x4.splat(0.044715));
  // (1 + tanh u) / 2 is the logistic function of 2u: one exponential and no case for small arguments.
  return f32x4.mul(x, sigmoid4(f32x4.mul(f32x4.add(x, cube), f32x4.splat(1.5957691216))));
}
// @ts-ignore: decorator
@inline export function elu(x: v128, a: v128, b: v128): v128 {
  const below = f32x4.mul(a, f32x4.sub(exp4(x), f32x4.splat(1)));
  return v128.bitselect(below, x, f32x4.lt(x, f32x4.splat(0)));
}
// @ts-ignore: decorator
@inline export function selu(x: v128, a: v128, b: v128): v128 { return f32x4.mul(b, elu(x, a, b)); }
// @ts-ignore: decorator
@inline export function softplus(x: v128, a: v128, b: v128): v128 { return softplus4(x); }
// @ts-ignore: decorator
@inline export function softsign(x: v128, a: v128, b: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1), f32x4.abs(x)));
}
// @ts-ignore: decorator
@inline export function swish(x: v128, a: v128, b: v128): v128 { return f32x4.mul(x, sigmoid4(f32x4.mul(a, x))); }
// @ts-ignore: decorator
@inline export function mish(x: v128, a: v128, b: v128): v128 { return f32x4.mul(x, tanh4(softplus4(x))); }
// @ts-ignore: decorator
@inline export function sin(x: v128, a: v128, b: v128): v128 { return sin4(x, 0); }
// @ts-ignore: decorator
@inline export function cos(x: v128, a: v128, b: v128): v128 { return sin4(x, 1); }
// @ts-ignore: decorator
@inline export function thresholdedRelu(x: v128, a: v128, b: v128): v128 { return v128.and(x, f32x4.gt(x, a)); }
