import { describe, expect, test } from 'vitest';
import {
  argmax,
  brokenDecibels,
  ComparisonAccumulator,
  exactDecibels,
  isClassVector,
} from '../../../engine/run/metrics.ts';

describe('comparing a model with its reference', () => {
  test('counts lost and won predictions, agreement and top-5', () => {
    const all = new ComparisonAccumulator(true);
    const oneHot = (index: number, classes = 8) =>
      Array.from({ length: classes }, (_, i) => (i === index ? 1 : -i / 100));
    all.add(oneHot(3), oneHot(3), 3); // both right
    all.add(oneHot(3), oneHot(2), 3); // lost
    all.add(oneHot(1), oneHot(4), 4); // won
    all.add(oneHot(5), oneHot(5), 0); // both wrong, both with 0 among the first five
    all.add(oneHot(0), oneHot(1), 7); // both wrong, differently; 7 is last
    const { samples, labelled, agreement } = all.result();
    expect(samples).toBe(5);
    expect(agreement).toBeCloseTo(2 / 5);
    expect(labelled).toMatchObject({
      reference: { top1: 2 / 5, top5: 4 / 5 },
      candidate: { top1: 2 / 5, top5: 4 / 5 },
      lost: 1,
      won: 1,
      drop: 0,
    });
  });

  test('gives SQNR and the largest difference over all samples', () => {
    const all = new ComparisonAccumulator(false);
    all.add([3, 4], [3, 4.5]);
    all.add([10, 0], [10, 0]);
    const { sqnr, largestDifference, agreement } = all.result();
    expect(sqnr).toBeCloseTo(10 * Math.log10(125 / 0.25));
    expect(largestDifference).toBe(0.5);
    expect(agreement).toBeUndefined();
  });

  test('takes what one found and the other did not for noise', () => {
    const missed = new ComparisonAccumulator(false);
    missed.add([3, 4, 5], [3, 4]);
    expect(missed.result()).toMatchObject({ largestDifference: 5, notFinite: 0 });
    expect(missed.result().sqnr).toBeCloseTo(10 * Math.log10(50 / 25));
    const invented = new ComparisonAccumulator(false);
    invented.add([3, 4], [3, 4, 5]);
    expect(invented.result().sqnr).toBeCloseTo(0);
  });

  test('is exact for equal outputs and honest about NaN', () => {
    const equal = new ComparisonAccumulator(true);
    equal.add([1, 2], [1, 2]);
    expect(equal.result().sqnr).toBe(exactDecibels);
    const broken = new ComparisonAccumulator(true);
    broken.add([1, 2], [1, Number.NaN], 1);
    expect(broken.result()).toMatchObject({ notFinite: 1, sqnr: brokenDecibels, labelled: { lost: 1 } });
  });

  test('says nothing about top-5 with few classes, or about accuracy without labels', () => {
    const few = new ComparisonAccumulator(true);
    few.add([1, 0], [1, 0], 0);
    expect(few.result().labelled?.reference).toEqual({ top1: 1 });
    const unlabelled = new ComparisonAccumulator(true);
    unlabelled.add([1, 0], [0, 1]);
    expect(unlabelled.result()).toMatchObject({ agreement: 0 });
    expect(unlabelled.result().labelled).toBeUndefined();
  });

  test('takes the first of equal classes, and a vector whatever ones stand around it', () => {
    expect(argmax([1, 3, 3])).toBe(1);
    expect(argmax([Number.NaN, -2, -1])).toBe(2);
    expect(isClassVector([1, 1000, 1, 1])).toBe(true);
    expect(isClassVector([1, 12])).toBe(true);
    expect(isClassVector([1, 1])).toBe(false);
    expect(isClassVector([1, 3, 8])).toBe(false);
  });
});
