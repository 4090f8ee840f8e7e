import { describe, expect, test } from 'vitest';
import type { Expectation } from '../../../engine/plan.ts';
import { judge, judgeBudget } from '../../../engine/report/judge.ts';

const line = (more: Partial<Expectation>): Expectation => ({
  text: 'expect …',
  quantity: 'top1',
  measure: 'value',
  comparison: '<=',
  limit: 1,
  ...more,
});

describe('judging expect lines', () => {
  test('a drop in points is what accuracy lost; a gain is a negative drop', () => {
    const drop = line({ measure: 'drop-points', limit: 1 });
    expect(judge(drop, { top1: { before: 0.9, value: 0.885 } })).toMatchObject({ passed: false, found: '1.50 points' });
    expect(judge(drop, { top1: { before: 0.9, value: 0.91 } })).toMatchObject({ passed: true, found: '−1.00 points' });
  });

  test('a drop of exactly the limit holds, whatever the last bits say', () => {
    // 0.9 − 0.89 is 0.010000000000000009 in double precision.
    expect(judge(line({ measure: 'drop-points' }), { top1: { before: 0.9, value: 0.89 } }).passed).toBe(true);
    expect(
      judge(line({ measure: 'drop-points', comparison: '<' }), { top1: { before: 0.9, value: 0.89 } }).passed,
    ).toBe(false);
  });

  test('a relative drop is a share of the value before', () => {
    const drop = line({ measure: 'drop-relative', limit: 0.01 });
    expect(judge(drop, { top1: { before: 0.8, value: 0.79 } })).toMatchObject({ passed: false });
    expect(judge(drop, { top1: { before: 0.8, value: 0.793 } })).toMatchObject({ passed: true });
  });

  test('a size compares in bytes and is said in units', () => {
    const size = line({ quantity: 'size', limit: 1024 * 1024 });
    expect(judge(size, { size: { value: 40 * 1024 } })).toMatchObject({ passed: true, found: '40.0 KiB' });
  });

  test('what was not measured is neither passed nor failed, and says why', () => {
    const judged = judge(line({}), {});
    expect(judged.passed).toBeUndefined();
    expect(judged.found).toContain('labels');
    expect(judge(line({ measure: 'drop-points' }), { top1: { value: 0.9 } }).passed).toBeUndefined();
  });
});

test('budgets of a target say that their figures are estimates', () => {
  const budget = { quantity: 'latency', comparison: '<=', limit: 0.08 } as const;
  expect(judgeBudget(budget, 0.0071)).toEqual({
    text: 'latency <= 80.0 ms',
    passed: true,
    found: '7.10 ms (estimate)',
  });
  expect(judgeBudget({ ...budget, quantity: 'energy', limit: 2e-3 }, 1.5e-3)).toEqual({
    text: 'energy <= 2.00 mJ',
    passed: true,
    found: '1.50 mJ (estimate)',
  });
  const unjudged = judgeBudget({ ...budget, quantity: 'energy' }, undefined);
  expect(unjudged.passed).toBeUndefined();
  expect(unjudged.found).toMatch(/needs a target with a model of energy \(.*cortex-m4/);
});
