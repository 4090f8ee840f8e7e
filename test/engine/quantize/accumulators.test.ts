import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, makeNode } from '../../../engine/graph/build.ts';
import type { Arithmetic, Plan } from '../../../engine/plan.ts';
import { largestSum } from '../../../engine/quantize/accumulators.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { makeGraph, quantize, random, samplesFor, uniformPlan } from './small.ts';

describe('the largest sum of a layer', () => {
  const code = fc.integer({ min: -8, max: 7 });

  it('is what the worst input gives, and no more', () => {
    const layer = fc.record({
      weights: fc.array(code, { minLength: 6, maxLength: 6 }),
      zeros: fc.array(code, { minLength: 2, maxLength: 2 }),
      bias: fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 2 }),
      input: fc.record({ zero: fc.integer({ min: 0, max: 3 }), high: fc.integer({ min: 3, max: 7 }) }),
    });
    fc.assert(
      fc.property(layer, ({ weights, zeros, bias, input }) => {
        const common = { format: 'int4', scale: Float32Array.of(1, 1), range: [-8, 7] as const };
        // Two outputs of three products each, weights as a Conv has them.
        const weight = { ...common, axis: 0, zeroPoint: Int32Array.from(zeros), codes: Int8Array.from(weights) };
        const entry = { ...common, zeroPoint: Int32Array.of(0, 0), codes: Int32Array.from(bias) };
        const reads = { zeroPoint: input.zero, range: [0, input.high] as const };
        let most = 0;
        for (const [channel, zero] of zeros.entries()) {
          const own = weights.slice(3 * channel, 3 * channel + 3).map((q) => q - zero);
          // The worst input has each of its codes at one end or the other, and the sign of the sum is either.
          for (let ends = 0; ends < 8; ends++) {
            const x = own.map((_, i) => (ends & (1 << i) ? input.high : 0) - input.zero);
            const sum = own.reduce((total, w, i) => total + w * x[i]!, 0);
            for (const sign of [1, -1]) most = Math.max(most, Math.abs(sum * sign + bias[channel]!));
          }
        }
        const bound = largestSum(weight, [2, 3, 1, 1], entry, reads, 0);
        expect(bound).toBeGreaterThanOrEqual(most);
        // With the zero point at an end and weights of one sign the bound is reached.
        const isOneSided = input.zero === 0 && zeros.every((zero) => zero === -8);
        if (isOneSided) expect(bound).toBe(most);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a network whose sums', () => {
  const dense = (length: number) =>
    makeGraph({
      inputs: { x: [1, length] },
      outputs: ['y'],
      constants: { w: random(1, [4, length]), b: random(2, [4]) },
      nodes: [makeNode('fc', 'Gemm', ['x', 'w', 'b'], ['y'], { transB: attribute.int(1) })],
    });
  const told = async (length: number, arithmetic: Arithmetic) => {
    const graph = dense(length);
    const plan = uniformPlan(graph, { arithmetic, activations: 'int8', scheme: 'symmetric' });
    return (await quantize(graph, plan, samplesFor(graph, 2))).findings.map(({ code }) => code);
  };

  it.each([
    [2000, 'settle', ['quantize/accumulator']],
    [200, 'settle', []],
    // 8-bit products in 32 bits need 130,000 terms to be near it.
    [2000, 'ort', []],
  ] as const)('have %d terms, in the accumulator of %s, is told so: %j', async (length, arithmetic, codes) => {
    expect(await told(length, arithmetic)).toEqual(codes);
  });
});

describe('biases that would not fit 32 bits beside their weights', () => {
  const told = async (weights: number) => {
    const graph = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['y'],
      constants: { w: random(1, [4, 8], weights), b: float32Tensor([4], Float32Array.of(1000, 0, 0, 0)) },
      nodes: [makeNode('fc', 'Gemm', ['x', 'w', 'b'], ['y'], { transB: attribute.int(1) })],
    });
    const { findings } = await quantize(graph, uniformPlan(graph), samplesFor(graph, 2));
    return findings.map(({ code, what }) => `${code}: ${what}`);
  };

  it('make the scale of the weights coarser, and that is told', async () => {
    expect(await told(1e-6)).toEqual([
      'quantize/bias-range: Biases of “fc” are so large beside the weights that these got a coarser scale than their values ask for.',
    ]);
  });

  it('are told at the place that decided the format, each place for itself', async () => {
    const graph = makeGraph({
      inputs: { x: [1, 8] },
      outputs: ['y', 'z'],
      constants: {
        ...{ w: random(1, [8, 8], 1e-6), b: float32Tensor([8], new Float32Array(8).fill(1000)) },
        ...{ v: random(2, [8, 8], 1e-6), c: float32Tensor([8], new Float32Array(8).fill(1000)) },
      },
      nodes: [
        makeNode('one', 'Gemm', ['x', 'w', 'b'], ['y'], { transB: attribute.int(1) }),
        makeNode('two', 'Gemm', ['x', 'v', 'c'], ['z'], { transB: attribute.int(1) }),
      ],
    });
    const plan = uniformPlan(graph);
    const line = (number: number) => ({ start: { line: number, column: 2 }, end: { line: number, column: 14 } });
    const placed: Plan = {
      ...plan,
      nodes: Object.fromEntries(
        Object.entries(plan.nodes).map(([name, roles]) => [
          name,
          { ...roles, weight: { ...roles.weight!, origin: { format: line(name === 'one' ? 3 : 5) } } },
        ]),
      ),
    };
    const { findings } = await quantize(graph, placed, samplesFor(graph, 2));
    expect(findings.map(({ code, what, range }) => [code, /“.*”/.exec(what)?.[0], range])).toEqual([
      ['quantize/bias-range', '“one”', line(3)],
      ['quantize/bias-range', '“two”', line(5)],
    ]);
  });

  it('are no matter where the weights are as large, or are not there', async () => {
    expect(await told(1)).toEqual([]);
    expect(await told(0)).toEqual([]);
  });
});
