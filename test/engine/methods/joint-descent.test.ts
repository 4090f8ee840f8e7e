import { describe, expect, it } from 'vitest';
import { type ChannelCodes, valuesOf } from '../../../engine/methods/by-channel.ts';
import { descendJointly, type JointChannel } from '../../../engine/methods/joint-descent.ts';
import { noise } from '../quantize/small.ts';

const [outputs, inputs] = [6, 10];

/** A positive definite matrix; with `spread` its directions differ. */
function metric(n: number, seed: number, spread: number): Float64Array {
  const next = noise(seed);
  const roots = Array.from({ length: n }, () => Array.from({ length: n }, () => spread * next()));
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return roots.reduce((sum, root) => sum + root[i]! * root[j]!, i === j ? 0.1 : 0);
  });
}

/** Nearest codes of random weights, the last of which are zero. */
function nearest(seed: number, leastScale = 0): JointChannel[] {
  const next = noise(seed);
  return Array.from({ length: outputs }, () => {
    const goal = Float32Array.from({ length: inputs }, (_, k) => (k === inputs - 1 ? 0 : next()));
    const parameters = { scale: 0.25, zeroPoint: 1 };
    const codes = Int32Array.from(goal, (value) => Math.max(-2, Math.min(3, Math.round(value / 0.25) + 1)));
    return { goal, codes, parameters, leastScale };
  });
}

function errorOf(channels: readonly JointChannel[], codes: readonly ChannelCodes[], m: Float64Array, h: Float64Array) {
  const changes = codes.map((own, c) => valuesOf(own).map((value, k) => value - channels[c]!.goal[k]!));
  let sum = 0;
  for (let a = 0; a < outputs; a++)
    for (let b = 0; b < outputs; b++)
      for (let j = 0; j < inputs; j++)
        for (let k = 0; k < inputs; k++)
          sum += m[a * outputs + b]! * changes[a]![j]! * h[j * inputs + k]! * changes[b]![k]!;
  return sum;
}

const identity = Float64Array.from({ length: outputs * outputs }, (_, at) => (at % (outputs + 1) === 0 ? 1 : 0));

describe('codes of all channels together', () => {
  it('err less than channels by themselves where outputs are felt together', () => {
    const shares = [1, 2, 3, 4].map((seed) => {
      const [m, h] = [metric(outputs, seed, 1), metric(inputs, 20 + seed, 1)];
      const channels = nearest(40 + seed);
      const apart = descendJointly(channels, identity, h, [-2, 3]);
      const begun = channels.map((channel, c) => ({ ...channel, ...apart[c]! }));
      return errorOf(channels, descendJointly(begun, m, h, [-2, 3]), m, h) / errorOf(channels, apart, m, h);
    });
    for (const share of shares) expect(share).toBeLessThan(1);
    expect(shares.reduce((a, b) => a + b, 0) / shares.length).toBeLessThan(0.9);
  });

  it('stay in range, keep weights that are zero and scales that a bias needs', () => {
    const channels = nearest(7, 0.3);
    const found = descendJointly(channels, metric(outputs, 5, 2), metric(inputs, 6, 2), [-2, 3]);
    for (const { codes, parameters } of found) {
      expect(Math.min(...codes)).toBeGreaterThanOrEqual(-2);
      expect(Math.max(...codes)).toBeLessThanOrEqual(3);
      expect(codes[inputs - 1]).toBe(1);
      expect(parameters.scale === 0.25 || parameters.scale >= 0.3).toBe(true);
    }
  });

  it('leave what is exact', () => {
    const exact = nearest(9).map((own) => ({ ...own, goal: Float32Array.from(valuesOf(own)) }));
    const found = descendJointly(exact, metric(outputs, 1, 1), metric(inputs, 2, 1), [-2, 3]);
    for (const [c, { codes }] of found.entries()) expect(codes).toEqual(exact[c]!.codes);
  });
});
