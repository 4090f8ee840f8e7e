// Binary functions of four lanes, named as in kernels/functions.ts.
import { power4 } from './math';

// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
// @ts-ignore: decorator
@inline export function div(a: v128, b: v128): v128 { return f32x4.div(a, b); }
// @ts-ignore: decorator
@inline export function min(a: v128, b: v128): v128 { return f32x4.min(a, b); }
// @ts-ignore: decorator
@inline export function max(a: v128, b: v128): v128 { return f32x4.max(a, b); }
// @ts-ignore: decorator
@inline export function pow(a: v128, b: v128): v128 { return power4(a, b); }
// @ts-ignore: decorator
@inline export function prelu(a: v128, b: v128): v128 {
  return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, f32x4.splat(0)));
}
// @ts-ignore: decorator
@inline export function squaredDifference(a: v128, b: v128): v128 {
  const d = f32x4.sub(a, b);
  return f32x4.mul(d, d);
}
// @ts-ignore: decorator
@inline function truth(mask: v128): v128 { return v128.and(mask, f32x4.splat(1)); }
// @ts-ignore: decorator
@inline export function equal(a: v128, b: v128): v128 { return truth(f32x4.eq(a, b)); }
// @ts-ignore: decorator
@inline export function less(a: v128, b: v128): v128 { return truth(f32x4.lt(a, b)); }
// @ts-ignore: decorator
@inline export function lessOrEqual(a: v128, b: v128): v128 { return truth(f32x4.le(a, b)); }
// @ts-ignore: decorator
@inline export function greater(a: v128, b: v128): v128 { return truth(f32x4.gt(a, b)); }
// @ts-ignore: decorator
@inline export function greaterOrEqual(a: v128, b: v128): v128 { return truth(f32x4.ge(a, b)); }
