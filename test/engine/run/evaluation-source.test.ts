import { describe, expect, it } from 'vitest';
import type { DataSource, Job, TrainingPlan } from '../../../engine/plan.ts';
import { evaluationSource } from '../../../engine/run/datasets.ts';

const labels = { kind: 'array', array: 'y' };
const source = (name: string, more: object = {}) =>
  ({ name, kind: 'npz', path: `/${name}.npz`, ...more }) as DataSource;
const train: TrainingPlan = { seed: 0, nodes: {} };

function judgedOn(sources: readonly DataSource[], recipe?: TrainingPlan): string | undefined {
  const data = Object.fromEntries(sources.map((own) => [own.name, own]));
  return evaluationSource({ data, ...(recipe && { train: recipe }) } as Job)?.name;
}

describe('what a job is judged on', () => {
  const calibration = source('calibration', { labels });

  it.each<[string, readonly DataSource[], TrainingPlan | undefined, string | undefined]>([
    [
      'data whose name says so',
      [calibration, source('validation'), source('mine', { labels })],
      undefined,
      'validation',
    ],
    ['the only other data with labels', [calibration, source('mine', { labels })], undefined, 'mine'],
    [
      'no data that another is as good as',
      [source('mine', { labels }), source('yours', { labels })],
      undefined,
      undefined,
    ],
    ['no data that weights are trained on', [calibration, source('training', { labels })], train, undefined],
    ['no data that the recipe names', [source('mine', { labels })], { ...train, data: 'mine' }, undefined],
    ['what is left beside those', [source('mine', { labels }), source('training', { labels })], train, 'mine'],
  ])('is %s', (_what, sources, recipe, expected) => {
    expect(judgedOn(sources, recipe)).toBe(expected);
  });
});
