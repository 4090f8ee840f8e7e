import { describe, expect, it } from 'vitest';
import type { KernelMode } from '../../kernels/api.ts';
import type { UnaryFunction } from '../../kernels/functions.ts';
import { kernelsFor } from './harness.ts';

/**
 * float32 numbers in [from, to], evenly spread over the bit patterns of both signs: as many in each power of two, down to
 * the subnormal ones.
 */
function numbersIn(from: number, to: number): Float32Array {
  const step = 8209;
  const all = new Float32Array(Uint32Array.from({ length: Math.floor(2 ** 32 / step) }, (_, i) => i * step).buffer);
  return all.filter((x) => x >= from && x <= to);
}

/** Largest error in units of the last place of the float32 result against float64 mathematics. */
async function worst(
  mode: KernelMode,
  fn: UnaryFunction,
  exact: (x: number) => number,
  [from, to]: readonly [number, number],
): Promise<number> {
  const kernels = await kernelsFor(mode);
  const ws = kernels.workspace();
  const x = numbersIn(from, to);
  const count = x.length;
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
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const everywhere = [-3.4e38, 3.4e38] as const;

// The bounds are those of the table in kernels/README.md.
describe('our own transcendental functions', () => {
  const cases: readonly [UnaryFunction, (x: number) => number, readonly [number, number], ulps: number][] = [
    ['exp', Math.exp, [-103.9, 88.7], 1],
    ['log', Math.log, [1.4e-45, 3.4e38], 1],
    ['tanh', Math.tanh, everywhere, 2.5],
    ['sigmoid', (x) => 1 / (1 + Math.exp(-x)), [-87, 3.4e38], 2],
    ['erf', erf, everywhere, 1.2],
    ['softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), [-87, 3.4e38], 1.75],
    ['sin', Math.sin, [-(2 ** 20), 2 ** 20], 0.501],
    ['cos', Math.cos, [-(2 ** 20), 2 ** 20], 0.501],
  ];
  for (const [fn, exact, range, ulps] of cases)
    for (const mode of ['strict', 'relaxed'] as const)
      it(`${fn} is within ${ulps} units of the last place on [${range.join(', ')}], ${mode}`, async () => {
        expect(await worst(mode, fn, exact, range)).toBeLessThanOrEqual(ulps);
      });
});
