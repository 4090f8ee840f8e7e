// Vector idioms that all kernels share.

/** c + a · b: fused where the module is the relaxed one, rounded twice where it is the strict one. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** c − a · b, rounded as `madd`. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
}

/** x < low ? low : x > high ? high : x. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/** The first `count` (1…4 or more) lanes of memory, without touching what lies behind them. */
// @ts-ignore: decorator
@inline
export function loadPartial(p: usize, count: i32): v128 {
  return count >= 4 ? v128.load(p) : loadTail(p, count);
}

// @ts-ignore: decorator
@inline
export function storePartial(p: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(p, v);
  else storeTail(p, v, count);
}

/** 1…3 lanes. */
export function loadTail(p: usize, count: i32): v128 {
  if (count == 1) return v128.load32_zero(p);
  const low = v128.load64_zero(p);
  return count == 2 ? low : v128.load_lane<f32>(p, low, 2, 8);
}

export function storeTail(p: usize, v: v128, count: i32): void {
  if (count == 1) {
    v128.store_lane<f32>(p, v, 0);
    return;
  }
  v128.store_lane<f64>(p, v, 0);
  if (count == 3) v128.store_lane<f32>(p, v, 2, 8);
}

/** Ends one row of a GEMM tile: residual, clamp, and a store of `columns` (1…8 or more) elements. */
export function finishRow(c: usize, r: usize, low4: v128, high4: v128, columns: i32, low: v128, high: v128): void {
  if (columns > 4) {
    if (r != 0) {
      low4 = f32x4.add(low4, v128.load(r));
      high4 = f32x4.add(high4, loadPartial(r + 16, columns - 4));
    }
    v128.store(c, clamp(low4, low, high));
    storePartial(c + 16, clamp(high4, low, high), columns - 4);
  } else {
    if (r != 0) low4 = f32x4.add(low4, loadPartial(r, columns));
    storePartial(c, clamp(low4, low, high), columns);
  }
}

/** The first `count` (1 or more, at most 4 are loaded) elements `step` bytes apart; step 0 repeats one element. */
// @ts-ignore: decorator
@inline
export function loadStrided(p: usize, step: i32, count: i32): v128 {
  if (step == 0) return v128.load32_splat(p);
  if (step == 4) return loadPartial(p, count);
  return gather(p, step, count);
}

function gather(p: usize, step: i32, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load_lane<f32>(p + step, v, 1);
  if (count > 2) v = v128.load_lane<f32>(p + 2 * step, v, 2);
  if (count > 3) v = v128.load_lane<f32>(p + 3 * step, v, 3);
  return v;
}

/** Sum of the lanes, (0 + 1) + (2 + 3). */
// @ts-ignore: decorator
@inline
export function lanesSum(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Largest lane; NaN wins. */
// @ts-ignore: decorator
@inline
export function lanesMax(v: v128): f32 {
  return max(max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

// @ts-ignore: decorator
@inline
export function lanesMin(v: v128): f32 {
  return min(min(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), min(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}
