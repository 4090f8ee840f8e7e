import { describe, expect, it } from 'vitest';
import { makeNode } from '../../../engine/graph/build.ts';
import { evaluate } from '../../../engine/run/evaluate.ts';
import type { Scorer } from '../../../engine/run/scorer.ts';
import { makeGraph, samplesFor } from '../quantize/small.ts';

/** A model whose answer has these dimensions and counts up from 1. */
function scorer(name: string, dims: readonly number[]): Scorer {
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i + 1);
  return {
    name,
    kind: 'outputs',
    score: async () => ({ values, dims, outputs: [{ name: 'y', values, dims, integer: false }] }),
    dispose: async () => {},
  };
}

const samples = samplesFor(
  makeGraph({ inputs: { x: [1, 2] }, outputs: ['y'], nodes: [makeNode('r', 'Relu', ['x'], ['y'])] }),
  2,
);

describe('answers of two models', () => {
  it('are compared where the same values lie in other dimensions, as an export of another operator set has them', async () => {
    const [metrics] = await evaluate(samples, scorer('float', [1, 6, 1, 1]), [scorer('compressed', [1, 6])]);
    expect(metrics).toMatchObject({ samples: 2, agreement: 1, sqnr: 300 });
  });

  it('are compared where one finds more than the other', async () => {
    const [metrics] = await evaluate(samples, scorer('float', [3, 4]), [scorer('compressed', [2, 4])]);
    expect(metrics!.sqnr).toBeLessThan(10);
  });

  it('are told sample by sample as well where that is asked for', async () => {
    let at = 0;
    const changing = { ...scorer('compressed', [1, 6]) };
    const score = async () => {
      const values = Float32Array.from({ length: 6 }, (_, i) => i + 1 + at);
      at++;
      return { values, dims: [1, 6], outputs: [{ name: 'y', values, dims: [1, 6], integer: false }] };
    };
    const told: number[] = [];
    const [metrics] = await evaluate(samples, scorer('float', [1, 6]), [{ ...changing, score }], {
      each: ([own]) => void told.push(own!.sqnr),
    });
    // The second is off by 1 everywhere: 91 to 6.
    expect(told).toEqual([300, expect.closeTo(10 * Math.log10(91 / 6), 6)]);
    expect(metrics!.sqnr).toBeCloseTo(10 * Math.log10(182 / 6), 6);
  });

  it('are refused where neither number nor dimensions are the same', async () => {
    const wrong = evaluate(samples, scorer('float', [1, 6]), [scorer('compressed', [1, 2, 2])]);
    await expect(wrong).rejects.toThrow('compressed answers with 4 values in 3 dimensions where float gives 6 in 2.');
  });
});
