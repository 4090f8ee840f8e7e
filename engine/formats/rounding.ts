/** 1.5·2⁵²: adding and subtracting it leaves no fraction bits, and the addition rounds half to even. */
const magic = 6755399441055744;

/** Nearest integer, ties to even; exact for |x| < 2⁵¹, and larger doubles of use here are integers already. */
export function roundHalfEven(x: number): number {
  return x > -2251799813685248 && x < 2251799813685248 ? x + magic - magic : x;
}
