import type { ReduceFunction } from '../functions.ts';
import { f32 } from './float.ts';
import { exp, log } from './math.ts';

/** The elements of [outer, axis, inner] at one outer and inner index, in the order of the axis. */
function lines(
  x: Float32Array,
  [outer, axis, inner]: readonly [number, number, number],
  visit: (line: number[], start: number) => void,
): void {
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * axis * inner + i;
      visit(
        Array.from({ length: axis }, (_, a) => x[start + a * inner]!),
        start,
      );
    }
}

/**
 * The fixed order of a sum: with inner = 1 element i goes to lane i mod 4 and the lanes end as (0 + 1) + (2 + 3); else one
 * after the other.
 */
function orderedSum(terms: readonly number[], lanes: boolean, add: (a: number, b: number) => number): number {
  if (!lanes) return terms.reduce(add, 0);
  const sums = [0, 0, 0, 0];
  for (const [i, term] of terms.entries()) sums[i % 4] = add(sums[i % 4]!, term);
  return add(add(sums[0]!, sums[1]!), add(sums[2]!, sums[3]!));
}

export function softmax(x: Float32Array, shape: readonly [number, number, number], logarithm: boolean): Float32Array {
  const y = new Float32Array(x.length);
  const inner = shape[2];
  lines(x, shape, (line, start) => {
    const top = Math.max(Number.NEGATIVE_INFINITY, ...line);
    const terms = line.map((value) => exp(f32(value - top)));
    const sum = orderedSum(terms, inner === 1, (a, b) => f32(a + b));
    const shift = log(sum);
    for (const [a, value] of line.entries())
      y[start + a * inner] = logarithm ? f32(f32(value - top) - shift) : f32(terms[a]! / sum);
  });
  return y;
}

/** Sums are taken in float64 and rounded once: whole quads in lanes (see above), what is left over one after the other. */
export function reduce(fn: ReduceFunction, x: Float32Array, shape: readonly [number, number, number]): Float32Array {
  const [outer, axis, inner] = shape;
  const y = new Float32Array(outer * inner);
  let at = 0;
  lines(x, shape, (line) => {
    y[at++] = reduceLine(fn, line, inner === 1 ? axis - (axis % 4) : 0);
  });
  return y;
}

function reduceLine(fn: ReduceFunction, line: readonly number[], inLanes: number): number {
  if (fn === 'max') return Math.max(Number.NEGATIVE_INFINITY, ...line);
  if (fn === 'min') return Math.min(Number.POSITIVE_INFINITY, ...line);
  const add = fn === 'prod' ? (a: number, b: number) => a * b : (a: number, b: number) => a + b;
  const neutral = fn === 'prod' ? 1 : 0;
  const largest = Math.max(Number.NEGATIVE_INFINITY, ...line);
  const top = Math.abs(largest) === Number.POSITIVE_INFINITY ? 0 : largest;
  const terms = line.map((value) => {
    if (fn === 'l1') return Math.abs(value);
    if (fn === 'sumSquare' || fn === 'l2') return value * value;
    return fn === 'logSumExp' ? exp(f32(value - top)) : value;
  });
  const lanes = [neutral, neutral, neutral, neutral];
  for (let i = 0; i < inLanes; i++) lanes[i % 4] = add(lanes[i % 4]!, terms[i]!);
  let sum = inLanes > 0 ? add(add(lanes[0]!, lanes[1]!), add(lanes[2]!, lanes[3]!)) : neutral;
  for (const term of terms.slice(inLanes)) sum = add(sum, term);
  if (fn === 'mean') return sum / line.length;
  if (fn === 'l2') return Math.sqrt(sum);
  return fn === 'logSumExp' ? f32(top + log(f32(sum))) : sum;
}

/** Index of the extreme of each line, as pairs of int32: the low half of an int64 and its high half. */
export function arg(
  x: Float32Array,
  shape: readonly [number, number, number],
  smallest: boolean,
  last: boolean,
): Int32Array {
  const indices: number[] = [];
  lines(x, shape, (line) => {
    let best = 0;
    for (const [i, value] of line.entries()) {
      const better = smallest ? value < line[best]! : value > line[best]!;
      if (i > 0 && (better || (last && value === line[best]))) best = i;
    }
    indices.push(best, 0);
  });
  return Int32Array.from(indices);
}

/** Moments in float64 over four lanes; normalised, rounded to float32, then scaled and shifted. */
export function layerNorm(
  x: Float32Array,
  width: number,
  scale: Float32Array,
  shift: Float32Array | undefined,
  epsilon: number,
): Float32Array {
  const y = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = Array.from(x.subarray(start, start + width));
    const add = (a: number, b: number): number => a + b;
    const mean = orderedSum(row, true, add) / width;
    const squares = row.map((value) => (value - mean) * (value - mean));
    const inverse = 1 / Math.sqrt(orderedSum(squares, true, add) / width + f32(epsilon));
    for (const [i, value] of row.entries()) {
      const scaled = f32(f32((value - mean) * inverse) * scale[i]!);
      y[start + i] = shift === undefined ? scaled : f32(scaled + shift[i]!);
    }
  }
  return y;
}
