import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { methods } from '../../../engine/methods/registry.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
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
