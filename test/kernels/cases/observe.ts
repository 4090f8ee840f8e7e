import fc from 'fast-check';
import { type AnyCase, anyFloats, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

const run = 65536;
const values = fc.oneof(
  sizes(40, 0).chain(anyFloats),
  fc.tuple(seeds, sizes(3000)).map(([seed, count]) => floats(seed, count, 5)),
  fc.constant(floats(7, run + 13, 5)),
);

function extremes(x: Iterable<number>): Float32Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of x) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return Float32Array.of(low, high);
}

const minMax: AnyCase = kernelCase(fc.record({ x: values }), (bench, { x }): Trial => {
  const output = bench.out(12);
  const step = bench.ws.minMax({ input: bench.put(x), count: x.length, output });
  const others = Int32Array.of([...x].filter((value) => !Number.isFinite(value)).length);
  return {
    step,
    results: [
      { address: output, expected: extremes(x) },
      { address: output + 8, expected: others },
    ],
  };
});
export const minMaxF32 = minMax;
export const combineMinMaxF32 = minMax;

export const minMaxChannelsF32: AnyCase = kernelCase(
  fc.record({ seed: seeds, rows: sizes(20), channels: sizes(11), infinite: fc.boolean() }),
  (bench, { seed, rows, channels, infinite }): Trial => {
    const x = floats(seed, rows * channels);
    if (infinite) x[seed % x.length] = Number.POSITIVE_INFINITY;
    const columns = Array.from({ length: channels }, (_, c) => extremes(x.filter((_, i) => i % channels === c)));
    const expected = Float32Array.from([...columns.map((pair) => pair[0]!), ...columns.map((pair) => pair[1]!)]);
    const output = bench.out(expected.byteLength);
    const step = bench.ws.minMaxChannels({ input: bench.put(x), rows, channels, output });
    return { step, results: [{ address: output, expected }] };
  },
);

export const histogramF32: AnyCase = kernelCase(
  fc.record({ x: values, half: sizes(50), exponent: fc.integer({ min: -126, max: 3 }), parts: sizes(3) }),
  (bench, { x, half, exponent, parts }): Trial => {
    const width = 2 ** exponent;
    const size = Math.floor(x.length / parts + 4) & ~3;
    const expected = new Uint32Array(parts * (2 * half + 4)).fill(3);
    for (const [i, value] of x.entries()) {
      const bin = Number.isNaN(value) ? 0 : Math.min(Math.max(Math.floor(value / width), -half), half - 1);
      const place = value === 0 ? 2 * half + (i % 4) : half + bin;
      expected[Math.floor(i / size) * (2 * half + 4) + place]!++;
    }
    const counts = bench.out(4 * expected.length);
    bench.ws.kernels.i32(counts, expected.length).fill(3);
    const step = bench.ws.histogram({ input: bench.put(x), count: x.length, counts, half, width, parts });
    return { step, results: [{ address: counts, expected }] };
  },
);

/** Pairs of float64 sums: four lanes a run of 65536 elements, ended as (0 + 1) + (2 + 3); runs in order. */
function orderedSums(count: number, terms: (i: number) => readonly [number, number]): Float64Array {
  const total = [0, 0];
  for (let start = 0; start < count; start += run) {
    const lanes = [0, 1].map(() => [0, 0, 0, 0]);
    for (let i = start; i < Math.min(count, start + run); i++)
      for (const [j, term] of terms(i).entries()) lanes[j]![i % 4]! += term;
    for (const [j, [a, b, c, d]] of lanes.entries()) total[j]! += a! + b! + (c! + d!);
  }
  return Float64Array.from(total);
}

export const sumsF32: AnyCase = kernelCase(
  fc.record({ x: values, against: fc.boolean(), seed: seeds }),
  (bench, { x, against, seed }): Trial => {
    const output = bench.out(16);
    if (!against) {
      const expected = orderedSums(x.length, (i) => [Math.abs(x[i]!), x[i]! * x[i]!]);
      const step = bench.ws.sums({ input: bench.put(x), count: x.length, output });
      return { step, results: [{ address: output, expected }] };
    }
    const y = floats(seed, x.length, 5);
    const expected = orderedSums(x.length, (i) => [(x[i]! - y[i]!) ** 2, x[i]! * x[i]!]);
    const step = bench.ws.squaredError({ a: bench.put(x), b: bench.put(y), count: x.length, output });
    return { step, results: [{ address: output, expected }] };
  },
);
export const combineSumsF64 = sumsF32;
