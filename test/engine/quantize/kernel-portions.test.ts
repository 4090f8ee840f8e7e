import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import type { ValueView } from '../../../engine/executor/program.ts';
import { Histogram } from '../../../engine/observers/histogram.ts';
import { portionOf } from '../../../engine/observers/portion.ts';
import { KernelPortions } from '../../../engine/quantize/kernel-portions.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { floats } from '../../kernels/harness.ts';

const sample = fc
  .record({
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    count: fc.constantFrom(600, 8195, 140_001),
    exponent: fc.integer({ min: -140, max: 20 }),
    rectified: fc.boolean(),
  })
  .map(({ seed, count, exponent, rectified }) =>
    floats(seed, count, 3).map((x) => (rectified && x < 0 ? 0 : x * 2 ** exponent)),
  );

describe.each([1, 2])('portions in the memory of kernels on %i threads', (threads) => {
  it('say the same as the values on the host, sample after sample', async () => {
    const { startThread } = nodeHost();
    const kernels = await loadKernels({
      mode: 'strict',
      threads,
      ...(threads > 1 && { startThread, startAfterMilliseconds: 0 }),
    });
    const workspace = kernels.workspace();
    try {
      fc.assert(
        fc.property(fc.array(sample, { minLength: 1, maxLength: 3 }), fc.boolean(), (samples, broken) => {
          const portions = new KernelPortions();
          const count = samples[0]!.length;
          const address = workspace.alloc(4 * count);
          const [here, there, everyOther] = [new Histogram(), new Histogram(), new Histogram()];
          for (const [i, own] of samples.entries()) {
            const values = Float32Array.from({ length: count }, (_, at) => own[at % own.length]!);
            if (broken && i > 0) values.set([Number.NaN, Number.NEGATIVE_INFINITY], 5);
            kernels.f32(address, count).set(values);
            const view: ValueView = {
              data: kernels.f32(address, count),
              dims: [count],
              layout: 'plain',
              memory: { kernels, address },
            };
            const portion = portions.of('x', view);
            expect(portion.extremes).toEqual(portionOf(values).extremes);
            there.update(portion);
            if (i % 2 === 0) everyOther.update(portion);
            here.update(values);
          }
          portions.dispose();
          expect(there.save()).toEqual(here.save());
          expect(everyOther.zeros + everyOther.counts.reduce((sum, own) => sum + own, 0)).toBe(everyOther.seen.count);
          workspace.free(address);
        }),
        { numRuns: 12 },
      );
    } finally {
      kernels.dispose();
    }
  });
});
