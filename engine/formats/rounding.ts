/** 1.5·2⁵²: adding and subtracting it leaves no fraction bits, and the addition rounds half to even. */
const magic = 6755399441055744;
/** 2⁵¹: up to here the sum with `magic` stays in the binade whose step is 1. */
const limit = 2251799813685248;

/** Nearest integer, ties to the even one; infinities and NaN stay themselves. */
export function roundHalfEven(x: number): number {
  if (x > -limit && x < limit) return x + magic - magic;
  // Between 2⁵¹ and 2⁵² doubles still have halves; beyond they are integers.
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return floor;
  return floor % 2 === 0 ? floor : floor + 1;
}
