import { decibels, percent, whole } from './quantities.ts';
import type { WeightReport } from './report.ts';

/** What became of a layer's weights, in words: `range −0.41 … 0.38, codes reach −0.40 … 0.38`. */
export function weightFacts({ range, reached, zeros, levels, channelSqnr }: WeightReport): readonly string[] {
  const span = ([low, high]: readonly [number, number]) => `${number(low)} … ${number(high)}`;
  return [
    `range ${span(range)}, codes reach ${span(reached)}`,
    `${whole(levels.used)} of ${whole(levels.of)} levels used`,
    zeros[0] === zeros[1] ? `${percent(zeros[1])} zeros` : `zeros ${percent(zeros[0])} → ${percent(zeros[1])}`,
    ...channelFact(channelSqnr),
  ];
}

function channelFact(sqnr: readonly number[]): readonly string[] {
  if (sqnr.length < 2) return [];
  const worst = sqnr.indexOf(Math.min(...sqnr));
  const middle = sqnr.toSorted((a, b) => a - b)[sqnr.length >> 1]!;
  return [`worst channel ${worst} at ${decibels(sqnr[worst]!)}, median ${decibels(middle)}`];
}

function number(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}
