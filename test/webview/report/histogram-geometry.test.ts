import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  axisNumber,
  barPath,
  binAt,
  heightOf,
  levelLines,
  positionOf,
  stepPath,
  tallestOf,
} from '../../../webview/report/histogram-geometry.ts';

const frame = { width: 320, height: 96 };
const counts = fc.array(fc.nat(1e9), { minLength: 1, maxLength: 64 });
const numbersOf = (path: string) => path.match(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)?.map(Number) ?? [];

describe('the paths of a histogram', () => {
  test('stay inside the frame, and hold numbers alone', () => {
    fc.assert(
      fc.property(counts, counts, (before, after) => {
        const tallest = tallestOf({ before, after });
        for (const path of [stepPath(before, tallest, frame), barPath(after, tallest, frame)]) {
          expect(path).toMatch(/^[MVHZ\d. -]*$/);
          expect(numbersOf(path).every((x) => x >= 0 && x <= frame.width)).toBe(true);
        }
      }),
    );
  });

  test('draw nothing for nothing', () => {
    expect(barPath([0, 0], 0, frame)).toBe('');
    expect(heightOf(0, 0, 96)).toBe(0);
    expect(stepPath([], 1, frame)).toBe('');
  });

  test('heights grow with the counts, the tallest to the top', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (a, b) => {
        const tallest = Math.max(a, b, 1);
        expect(Math.sign(heightOf(a, tallest, 96) - heightOf(b, tallest, 96))).toBe(Math.sign(a - b));
        expect(heightOf(tallest, tallest, 96)).toBe(96);
      }),
    );
  });
});

describe('the levels of the codes', () => {
  test('stand apart where there are few', () => {
    const view = { low: -2.5, high: 1.5, levels: { low: -2, high: 1, step: 1 } };
    expect(levelLines(view, 320)).toEqual({ lines: [40, 120, 200, 280], from: 0, to: 320 });
  });
  test('are not drawn where they would touch, but their reach is known', () => {
    const view = { low: -1.5, high: 300.5, levels: { low: 0, high: 255, step: 1 } };
    const { lines, from, to } = levelLines(view, 302)!;
    expect(lines).toEqual([]);
    expect([from, to]).toEqual([1, 257]);
  });
  test('are absent for what stays float', () => {
    expect(levelLines({ low: 0, high: 1 }, 320)).toBeUndefined();
    expect(positionOf(0, { low: 0, high: 0 }, 320)).toBe(0);
  });
});

test('a bin knows its range and counts', () => {
  const view = { title: 'output', low: 0, high: 4, before: [1, 2], after: [3, 4], axis: 'value', notes: [] };
  expect(binAt(view, 1)).toEqual({ low: 2, high: 4, before: 2, after: 4 });
});

test('numbers of an axis are short', () => {
  expect([0, -0, -127.5, 0.060312, 1.234e-9].map(axisNumber)).toEqual(['0', '0', '−127.5', '0.0603', '1.23e−9']);
});
