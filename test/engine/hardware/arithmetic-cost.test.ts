import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arithmeticCost } from '../../../engine/hardware/arithmetic-cost.ts';
import type { LayerCost } from '../../../engine/hardware/costs.ts';

const layer = (weight: string | undefined, input: string, macs = 1000, dotLength = 64): LayerCost => ({
  ...{ name: 'a', op: 'Conv', weightFormat: weight, inputFormat: input, outputFormat: input, macs, operations: 0 },
  ...{ parameters: 100, weightBytes: 400, inputBytes: 0, outputBytes: 0, depthwise: false, dotLength, taps: 1 },
  ...{ folded: false, liveBytes: 0 },
});

// METHODS B18: bf16 MAC = 256, int8 = 64, int4 = 16, binary = 1.
it.each([
  ['bf16', 'bf16', 256],
  ['int8', 'int8', 64],
  ['int4', 'int4', 16],
  ['binary', 'binary', 1],
  ['int4', 'uint8', 32],
  ['dual(int4)', 'uint8', 2 * 32],
  [undefined, 'uint8', 64],
])('a MAC of %s weights and %s activations is an effort of %d', (weight, input, each) => {
  expect(arithmeticCost([layer(weight, input)]).ace).toBe(1000 * each);
});

it('counts bit operations as METHODS B19 does for a layer', () => {
  // 1000 MACs · (0.75·4·8 + 8 + 4 + log2 64).
  expect(arithmeticCost([layer('int4', 'uint8')], () => 0.75).bops).toBe(1000 * (24 + 12 + 6));
});

it('counts two products of a weight that is the sum of two tensors', () => {
  const of = (weight: string) => arithmeticCost([layer(weight, 'uint8')], () => 0.75).bops;
  expect(of('dual(int4)')).toBe(2 * of('int4'));
});

it('counts bits of weights and of what goes with them for each parameter', () => {
  expect(arithmeticCost([layer('int4', 'uint8')]).bitsPerParameter).toBe(32);
  expect(arithmeticCost([]).bitsPerParameter).toBe(0);
});

it('is linear in the MACs and never falls with the bits', () => {
  const bits = fc.integer({ min: 1, max: 16 });
  fc.assert(
    fc.property(bits, bits, fc.integer({ min: 1, max: 1e6 }), (w, a, macs) => {
      const cost = (width: number, count: number) => arithmeticCost([layer(`int${width}`, `uint${a}`, count)]);
      expect(cost(w, 3 * macs).ace).toBe(3 * cost(w, macs).ace);
      expect(cost(w + (w < 16 ? 1 : 0), macs).ace).toBeGreaterThanOrEqual(cost(w, macs).ace);
      expect(cost(w + (w < 16 ? 1 : 0), macs).bops).toBeGreaterThanOrEqual(cost(w, macs).bops);
    }),
  );
});
