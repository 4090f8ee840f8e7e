import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import type { LayerSamples, WeightCodes, WeightProblem } from '../../../engine/methods/method.ts';
import { methods } from '../../../engine/methods/registry.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { scaleRefit } from '../../../engine/methods/scale-refit.ts';
import { noise } from '../quantize/small.ts';
import { outputError, problemOf, samplesOf } from './problems.ts';

const bySamples = methods.filter(({ needs }) => needs === 'samples');

function channelsOf(seed: number, count = 4, length = 9): number[][] {
  const next = noise(seed);
  return Array.from({ length: count }, () => Array.from({ length }, () => Math.fround(next())));
}

describe.each(bySamples)('$name', (method) => {
  it('answers closer to the float layer than rounding to nearest', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom('int2', 'int3', 'int4'), (seed, format) => {
        const channels = channelsOf(seed);
        const samples = samplesOf(channels, 400, seed);
        const problem = problemOf(channels, format, { samples });
        const own = outputError(problem, samples, method.quantize(problem, {}));
        expect(own).toBeLessThan(outputError(problem, samples, roundToNearest.quantize(problem, {})));
      }),
      { numRuns: 25 },
    );
  });

  it('leaves zeros zero: weights that were pruned stay so', () => {
    const channels = channelsOf(3).map((channel) => channel.map((weight, k) => (k % 3 === 0 ? 0 : weight)));
    const problem = problemOf(channels, 'int4', { samples: samplesOf(channels, 300, 1) });
    const codes = method.quantize(problem, {}).codes as Int8Array;
    for (let k = 0; k < codes.length; k++) if (problem.values[k] === 0) expect(codes[k]).toBe(0);
  });

  it('rounds to nearest where nothing was collected', () => {
    const problem = problemOf(channelsOf(5));
    expect(method.quantize(problem, {})).toEqual(roundToNearest.quantize(problem, {}));
  });

  it('keeps scales above what the bias needs', () => {
    const channels = channelsOf(6);
    const problem = problemOf(channels, 'int4', { samples: samplesOf(channels, 300, 2), leastScale: () => 0.5 });
    for (const scale of method.quantize(problem, {}).scale) expect(scale).toBeGreaterThanOrEqual(0.5);
  });
});

describe('scale-refit', () => {
  const answers = (problem: WeightProblem, samples: LayerSamples, { codes, ...coding }: WeightCodes) => {
    const { dims, range, axis, format } = problem;
    const weights = decodeTensor(codes, dims, { ...coding, range, axis: axis!, format: format.name });
    return (channel: number, row: number) => {
      let sum = 0;
      for (let k = 0; k < samples.length; k++)
        sum += weights[channel * samples.length + k]! * samples.inputs(0)[row * samples.length + k]!;
      return sum;
    };
  };

  it.each(['int2', 'int4', 'dual(int2)', 'kmeans(2)', 'lq(2)', 'bcq(2)', 'e2m1', 'best-split(6)', 'ternary'])(
    '%s: keeps the nearest codes, and what is left is orthogonal to the answers and has no mean',
    (format) => {
      const channels = channelsOf(11);
      const samples = samplesOf(channels, 300, 4);
      const problem = { ...problemOf(channels, format, { samples }), range: rangeOf(format) };
      const result = scaleRefit.quantize(problem, {});
      expect(result.codes).toEqual(roundToNearest.quantize(problem, {}).codes);
      const own = answers(problem, samples, result);
      for (const [channel] of channels.entries()) {
        const targets = samples.targets(channel);
        const rows = Array.from(targets, (target, row) => ({ y: own(channel, row), target }));
        const mean = rows.reduce((sum, { y }) => sum + y, 0) / rows.length;
        const left = rows.map(({ y, target }) => target - y - result.bias![channel]!);
        const spread = rows.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
        expect(Math.abs(left.reduce((sum, rest) => sum + rest, 0) / rows.length)).toBeLessThan(1e-5);
        const along = left.reduce((sum, rest, row) => sum + rest * (rows[row]!.y - mean), 0);
        expect(Math.abs(along / spread)).toBeLessThan(1e-5);
      }
    },
  );

  it('leaves scales alone that a format or a spec restricts', () => {
    const channels = channelsOf(12);
    const samples = samplesOf(channels, 300, 4);
    for (const [format, more] of [
      ['fp16', {}],
      ['esb(4, 2)', { scale: 'power-of-two-scale' }],
    ] as const) {
      const problem = { ...problemOf(channels, format, { samples, ...more }), range: rangeOf(format) };
      expect(scaleRefit.quantize(problem, {}).scale).toEqual(roundToNearest.quantize(problem, {}).scale);
    }
  });

  function rangeOf(format: string): readonly [number, number] {
    const { low, high, kind } = formatNamed(format);
    return kind === 'integer' ? [-high, high] : [low, high];
  }
});
