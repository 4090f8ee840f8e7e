import { describe, expect, it } from 'vitest';
import type { UnaryFunction } from '../../kernels/functions.ts';
import { kernelsFor } from './harness.ts';

/** Largest error in units of the last place of the float32 result, over an even grid, against float64 mathematics. */
async function worst(fn: UnaryFunction, exact: (x: number) => number, from: number, to: number): Promise<number> {
  const kernels = await kernelsFor('strict');
  const ws = kernels.workspace();
  const count = 50_001;
  const x = Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
  const [input, output] = [ws.alloc(4 * count), ws.alloc(4 * count)];
  kernels.f32(input, count).set(x);
  kernels.run(ws.unary({ fn, input, output, count }));
  const y = kernels.f32(output, count).slice();
  ws.dispose();
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const want = exact(x[i]!);
    largest = Math.max(largest, Math.abs(y[i]! - want) / ulp(want));
  }
  return largest;
}

function ulp(x: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(x))));
  return 2 ** ((Number.isFinite(exponent) ? exponent : -126) - 23);
}

/** erf by its series and, where that cancels, by the continued fraction of its complement. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 2.5) {
    let f = 0;
    for (let n = 60; n >= 1; n--) f = n / 2 / (a + f);
    return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + f));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe('our own transcendental functions', () => {
  const cases: readonly [UnaryFunction, (x: number) => number, number, number, ulps: number][] = [
    ['exp', Math.exp, -87, 88, 2],
    ['log', Math.log, 1e-6, 100, 2],
    ['tanh', Math.tanh, -9, 9, 3],
    ['sigmoid', (x) => 1 / (1 + Math.exp(-x)), -80, 30, 4],
    ['erf', erf, -4, 4, 3],
    ['softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), -20, 20, 4],
    ['sin', Math.sin, -100, 100, 1],
    ['cos', Math.cos, -100, 100, 1],
  ];
  for (const [fn, exact, from, to, ulps] of cases)
    it(`${fn} is within ${ulps} units of the last place on [${from}, ${to}]`, async () => {
      expect(await worst(fn, exact, from, to)).toBeLessThan(ulps);
    });
});
