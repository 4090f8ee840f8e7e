import type { HistogramView } from '../protocol.ts';

export interface Frame {
  readonly width: number;
  readonly height: number;
}

/**
 * Heights are square roots of the counts: a rectifier's zeros, half of all values, would otherwise press everything
 * else flat.
 */
export function heightOf(count: number, tallest: number, height: number): number {
  return tallest > 0 && count > 0 ? Math.sqrt(count / tallest) * height : 0;
}

export function tallestOf({ before, after }: Pick<HistogramView, 'before' | 'after'>): number {
  let tallest = 0;
  for (const counts of [before, after]) for (const count of counts) tallest = Math.max(tallest, count);
  return tallest;
}

/** Outline of the counts as a path of steps, closed along the bottom. */
export function stepPath(counts: readonly number[], tallest: number, { width, height }: Frame): string {
  if (counts.length === 0) return '';
  const each = width / counts.length;
  const steps = counts.map((count, i) => {
    const y = fixed(height - heightOf(count, tallest, height));
    return `V${y}H${fixed((i + 1) * each)}`;
  });
  return `M0 ${fixed(height)}${steps.join('')}V${fixed(height)}Z`;
}

/** One bar a bin that holds anything, with a little air between neighbours. */
export function barPath(counts: readonly number[], tallest: number, { width, height }: Frame): string {
  const each = width / counts.length;
  const inset = each * 0.18;
  return counts
    .map((count, i) =>
      count > 0
        ? `M${fixed(i * each + inset)} ${fixed(height)}V${fixed(height - heightOf(count, tallest, height))}H${fixed((i + 1) * each - inset)}V${fixed(height)}Z`
        : '',
    )
    .join('');
}

/** Where a value of the axis stands. */
export function positionOf(value: number, { low, high }: Pick<HistogramView, 'low' | 'high'>, width: number): number {
  return high > low ? ((value - low) / (high - low)) * width : 0;
}

/** More levels than this in one picture are a grey surface. */
const mostLevels = 72;

export interface LevelLines {
  /** Places of the levels; empty where they would stand too close to tell apart. */
  readonly lines: readonly number[];
  /** What the codes reach: half a step beyond the outermost levels. */
  readonly from: number;
  readonly to: number;
}

export function levelLines(
  view: Pick<HistogramView, 'low' | 'high' | 'levels'>,
  width: number,
): LevelLines | undefined {
  if (view.levels === undefined) return undefined;
  const { low, high, step } = view.levels;
  const inside = (x: number) => Math.min(width, Math.max(0, x));
  const count = Math.round((high - low) / step) + 1;
  const lines =
    count > mostLevels ? [] : Array.from({ length: count }, (_, i) => positionOf(low + i * step, view, width));
  return {
    lines: lines.filter((x) => x >= 0 && x <= width),
    from: inside(positionOf(low - step / 2, view, width)),
    to: inside(positionOf(high + step / 2, view, width)),
  };
}

/** Range and counts of one bin. */
export function binAt(view: HistogramView, index: number) {
  const width = (view.high - view.low) / view.before.length;
  return {
    low: view.low + index * width,
    high: view.low + (index + 1) * width,
    before: view.before[index] ?? 0,
    after: view.after[index] ?? 0,
  };
}

/** A number of an axis in few digits: `−0.0603`, `127.5`, `1.2e−9`. */
export function axisNumber(value: number): string {
  const rounded = Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3));
  return String(Object.is(rounded, -0) ? 0 : rounded).replaceAll('-', '−');
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}
