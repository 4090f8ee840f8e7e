/** Nearest integer, ties to the even one; infinities and NaN stay themselves. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  if (rest !== 0.5) return x;
  return floor % 2 === 0 ? floor : floor + 1;
}
