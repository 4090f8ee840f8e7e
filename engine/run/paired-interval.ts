/** Two-sided 95 % quantile of the normal distribution. */
const z = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % interval of the difference of two accuracies measured on the same samples: Tango's asymptotic score interval
 * (Statistics in Medicine 17, 1998), which keeps its coverage where few predictions differ and gives no zero-width
 * interval where none does.
 *
 * @param lost samples that only the first got right
 * @param won samples that only the second got right
 * @param samples all samples, 1 or more
 * @returns bounds of accuracy(first) − accuracy(second), as fractions
 */
export function pairedInterval(lost: number, won: number, samples: number): Interval {
  const difference = (lost - won) / samples;
  const score = (delta: number) => pairedScore(lost, won, samples, delta);
  return {
    low: bisect(-1, difference, (delta) => score(delta) > z),
    high: bisect(difference, 1, (delta) => score(delta) > -z),
  };
}

/**
 * Score statistic of the hypothesis that the difference is `delta`: (lost − won − n·delta) over its standard error at
 * the likeliest discordance that the hypothesis allows. Falls as `delta` grows.
 */
export function pairedScore(lost: number, won: number, samples: number, delta: number): number {
  const a = 2 * samples;
  const b = -lost - won + (2 * samples - lost + won) * delta;
  const c = -won * delta * (1 - delta);
  // Probability of "only the second right" under the hypothesis: the larger root of a·q² + b·q + c.
  const q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = samples * (2 * q + delta * (1 - delta));
  const deviation = lost - won - samples * delta;
  if (variance <= 0) return deviation === 0 ? 0 : Math.sign(deviation) * Number.POSITIVE_INFINITY;
  return deviation / Math.sqrt(variance);
}

/** The point where `left` turns from true to false, to the last bits. */
function bisect(from: number, to: number, left: (value: number) => boolean): number {
  let low = from;
  let high = to;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (left(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
