import { expect, it } from 'vitest';
import { weightReport } from '../../../engine/run/weight-report.ts';

// Two output channels along the second axis: [1, -2, 0] exactly, [0.5, 4, 0.2] with errors 0.5, 1 and 0.2.
const values = Float32Array.of(1, 0.5, -2, 4, 0, 0.2);
const held = Float32Array.of(1, 1, -2, 3, 0, 0);
const report = weightReport({ values, held, dims: [3, 2], axis: 1, codes: Int8Array.of(1, 1, -2, 3, 0, 0), levels: 7 });

it('tells the range of the weights and how far the codes reach', () => {
  expect(report.range).toEqual([-2, 4]);
  expect(report.reached).toEqual([-2, 3]);
});

it('counts zeros before and after, and the levels in use', () => {
  expect(report.zeros).toEqual([1 / 6, 2 / 6]);
  expect(report.levels).toEqual({ used: 4, of: 7 });
});

it('measures each output channel by itself', () => {
  expect(report.channelSqnr[0]).toBe(300);
  expect(report.channelSqnr[1]).toBeCloseTo(10 * Math.log10((0.25 + 16 + 0.04) / (0.25 + 1 + 0.04)), 4);
});
