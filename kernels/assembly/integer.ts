// Integer idioms that all kernels share.

// @ts-ignore: decorator
@inline
export function least(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

// @ts-ignore: decorator
@inline
export function greatest(a: i32, b: i32): i32 {
  return a > b ? a : b;
}
