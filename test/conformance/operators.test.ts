import { beforeAll, describe, expect, it } from 'vitest';
import { operators } from '../../engine/operators/registry.ts';
import { hasShared } from '../shared.ts';
import { casesWithData } from './archive.ts';
import { exclusions, foreign, notInSuite, notRegistered } from './exclusions.ts';
import { behindOnnxruntime, onnxruntimeStatus } from './onnxruntime.ts';
import { type ReferenceOutcome, runReference, statusOf } from './runner.ts';

describe.skipIf(!hasShared)('the ONNX operator suite (needs the shared archive)', () => {
  let outcomes: readonly ReferenceOutcome[] = [];
  beforeAll(() => {
    outcomes = casesWithData().map(runReference);
  });

  it('passes every case that no line excludes', () => {
    const failures = outcomes.filter((outcome) => statusOf(outcome) === 'fail');
    expect(failures.map(({ name, failure }) => `${name}: ${failure}`)).toEqual([]);
    expect(outcomes.filter((outcome) => statusOf(outcome) === 'pass').length).toBeGreaterThan(1700);
  });

  it('passes every case that onnxruntime passes, and 98 of 100 of all that it was tried on', () => {
    const passed = new Set(outcomes.filter((outcome) => statusOf(outcome) === 'pass').map(({ name }) => name));
    expect(behindOnnxruntime(passed)).toEqual([]);
    const names = [...onnxruntimeStatus().keys()];
    expect(names.length).toBe(1593);
    expect(names.filter((name) => passed.has(name)).length / names.length).toBeGreaterThan(0.98);
  });

  it('knows 96 of 100 output shapes before anything runs; the others depend on what is in a text, an image, a mask', () => {
    const run = outcomes.filter((outcome) => statusOf(outcome) === 'pass');
    const known = run.reduce((sum, { staticOutputs }) => sum + staticOutputs, 0);
    expect(known / run.reduce((sum, { outputs }) => sum + outputs, 0)).toBeGreaterThan(0.96);
  });

  it('excludes nothing that passes, and nothing that is not there', () => {
    for (const { name, reason } of exclusions) {
      const cases = outcomes.filter((outcome) => name.test(outcome.name));
      expect(cases, `${name} matches no case (${reason})`).not.toEqual([]);
      const passing = cases.filter(({ failure }) => failure === undefined).map((own) => own.name);
      expect(passing, `${name} excludes cases that pass`).toEqual([]);
    }
  });

  it('says of every operator of the suite that is not registered why', () => {
    const missing = new Set(outcomes.flatMap((outcome) => outcome.missing));
    expect([...missing].sort()).toEqual(notRegistered.flatMap((line) => line.operators).sort());
  });

  it('covers the registered operators that have cases in it', () => {
    const covered = new Set(outcomes.flatMap((outcome) => outcome.operators));
    const uncovered = operators
      .filter(({ domain, op }) => domain === '' && !covered.has(op) && !foreign.includes(op))
      .map(({ op }) => op);
    // No case of the suite has them; test/engine/operators holds tests of our own.
    expect(uncovered.sort()).toEqual(notInSuite);
  });
});
