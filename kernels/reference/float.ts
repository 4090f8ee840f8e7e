/** float32 arithmetic in scalar TypeScript, rounded after every operation as the strict kernels round. */
export const f32 = Math.fround;

/** Nearest integer, halves to the even one. */
export function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (Number.isNaN(rest)) return x;
  const up = rest > 0.5 || (rest === 0.5 && low % 2 !== 0);
  const y = up ? low + 1 : low;
  return y === 0 && (x < 0 || Object.is(x, -0)) ? -0 : y;
}

/** min(max(x, low), high) that keeps NaN. */
export function clampNumber(x: number, low: number, high: number): number {
  const y = x < low ? low : x;
  return high < y ? high : y;
}
