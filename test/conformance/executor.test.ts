import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { hasShared } from '../shared.ts';
import { casesWithData } from './archive.ts';
import { behindOnnxruntime } from './onnxruntime.ts';
import { type ExecutorOutcome, runExecutor, statusOf } from './runner.ts';

describe.skipIf(!hasShared)('the ONNX operator suite on kernels (needs the shared archive)', () => {
  let kernels: Kernels;
  const outcomes: ExecutorOutcome[] = [];
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
    for (const item of casesWithData()) outcomes.push(await runExecutor(item, kernels));
  }, 120_000);
  afterAll(() => kernels.dispose());

  it('gives the expected outputs, with weights and shapes as inputs and as constants', () => {
    const failures = outcomes.filter((outcome) => statusOf(outcome) === 'fail');
    expect(failures.map(({ name, failure }) => `${name}: ${failure}`)).toEqual([]);
    const passed = outcomes.filter((outcome) => statusOf(outcome) === 'pass').map(({ name }) => name);
    expect(passed.length).toBeGreaterThan(1700);
    expect(behindOnnxruntime(new Set(passed))).toEqual([]);
  });

  it('runs a good part of it on kernels, and says of every other node why not', () => {
    const nodes = outcomes.flatMap((outcome) => outcome.nodes);
    const onKernels = new Set(nodes.filter(({ how }) => how === 'kernel' || how === 'free').map(({ op }) => op));
    expect(onKernels.size).toBeGreaterThan(60);
    expect(nodes.filter(({ how, reason }) => how === 'reference' && !reason)).toEqual([]);
  });
});
