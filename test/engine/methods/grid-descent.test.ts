import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Granularity } from '../../../engine/formats/granularity.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { goalMetric } from '../../../engine/methods/by-samples.ts';
import { descendOnGrid } from '../../../engine/methods/grid-descent.ts';
import type { LayerSamples, WeightCodes, WeightProblem } from '../../../engine/methods/method.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { noise } from '../quantize/small.ts';
import { cutProblem, samplesOf } from './problems.ts';

const formats = fc.constantFrom(
  'int3',
  'int4',
  'uint4',
  'e2m1',
  'e4m3fn',
  'best-split(6)',
  'kmeans(3)',
  'lq(2)',
  'mxfp4',
);
const granularities = fc.constantFrom<Granularity>('per-tensor', 'per-channel', 'per-group(4)', 'per-block(2x3)');

function layerOf(seed: number, format: string, granularity: Granularity, [count, length] = [3, 11]) {
  const next = noise(seed);
  const rows = Array.from({ length: count! }, () => Array.from({ length: length! }, () => Math.fround(next())));
  const block = formatNamed(format).block;
  const samples = samplesOf(rows, 60, seed);
  return { ...cutProblem(rows, format, block === undefined ? granularity : `per-group(${block})`), samples };
}

/** Mean squared difference from the targets with the best bias: what is left of it about its mean. */
function lossOf(problem: WeightProblem, { rows, length, inputs, targets }: LayerSamples, solved: WeightCodes): number {
  const weights = decodeTensor(solved.codes, problem.dims, { ...problem, ...solved, format: problem.format.name });
  let loss = 0;
  for (let channel = 0; channel < problem.dims[0]!; channel++) {
    const left = Array.from(targets(channel), (target, row) => {
      for (let k = 0; k < length; k++) target -= weights[channel * length + k]! * inputs(0)[row * length + k]!;
      return target;
    });
    const mean = left.reduce((a, b) => a + b, 0) / rows;
    loss += left.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
  }
  return loss;
}

describe('descent over the levels of any format', () => {
  const descended = (problem: WeightProblem & { readonly samples: LayerSamples }, damping = 0.01) =>
    descendOnGrid(problem, problem.samples, (group) => goalMetric(problem.samples, group, damping));

  it('keeps the parameters that rounding to nearest has', () => {
    fc.assert(
      fc.property(fc.nat(10_000), formats, granularities, (seed, format, granularity) => {
        const problem = layerOf(seed, format, granularity);
        const [own, nearest] = [descended(problem), roundToNearest.quantize(problem, {})];
        expect({ ...own, codes: 0, bias: 0 }).toEqual({ ...nearest, codes: 0, bias: 0 });
      }),
    );
  });

  it('answers closer than rounding to nearest', () => {
    fc.assert(
      fc.property(fc.nat(10_000), formats, granularities, (seed, format, granularity) => {
        const problem = layerOf(seed, format, granularity);
        const nearest = lossOf(problem, problem.samples, roundToNearest.quantize(problem, {}));
        expect(lossOf(problem, problem.samples, descended(problem))).toBeLessThan(nearest * (1 + 1e-6));
      }),
    );
  });

  it('ends where no other level of a single weight is better', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.constantFrom('e2m1', 'e4m3fn', 'int4'), (seed, format) => {
        const problem = layerOf(seed, format, 'per-group(4)');
        const { samples } = problem;
        const { hessian, wanted } = goalMetric(samples, 0, 0.01);
        const solved = descended(problem);
        const coding = { ...problem, ...solved, format };
        const n = samples.length;
        for (let channel = 0; channel < problem.dims[0]!; channel++) {
          const goal = wanted(problem.values.slice(channel * n, (channel + 1) * n), samples.targets(channel));
          const errorOf = (codes: WeightCodes['codes']) => {
            const values = decodeTensor(codes, problem.dims, coding).slice(channel * n, (channel + 1) * n);
            const change = Array.from(values, (value, k) => value - goal[k]!);
            return change.reduce(
              (sum, a, i) => sum + change.reduce((s, b, j) => s + a * b * hessian[i * n + j]!, 0),
              0,
            );
          };
          const least = errorOf(solved.codes);
          for (let k = 0; k < n; k++)
            for (const by of [-1, 1]) {
              const other = solved.codes.slice();
              other[channel * n + k]! += by;
              const code = other[channel * n + k]!;
              if (code < problem.range[0] || code > problem.range[1]) continue;
              if (Number.isFinite(errorOf(other))) expect(errorOf(other)).toBeGreaterThan(least * (1 - 1e-6) - 1e-9);
            }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('leaves zeros zero', () => {
    const next = noise(7);
    const rows = Array.from({ length: 3 }, () => Array.from({ length: 12 }, (_, k) => (k % 3 === 0 ? 0 : next())));
    const problem = { ...cutProblem(rows, 'e4m3fn', 'per-channel'), samples: samplesOf(rows, 60, 7) };
    const solved = descended(problem);
    const weights = decodeTensor(solved.codes, problem.dims, { ...problem, ...solved, format: 'e4m3fn' });
    for (const [k, value] of weights.entries()) if (k % 3 === 0) expect(Math.abs(value)).toBe(0);
  });
});
