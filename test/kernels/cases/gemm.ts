import fc from 'fast-check';
import { gemm } from '../../../kernels/reference/gemm.ts';
import { type AnyCase, type Bench, clamps, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

interface GemmInput {
  readonly seed: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aGap: number;
  readonly cGap: number;
  readonly bias: boolean;
  readonly residual: boolean;
  readonly clamp: { readonly min?: number; readonly max?: number };
  readonly transposed: boolean;
}

const shape = (m: fc.Arbitrary<number>, n: fc.Arbitrary<number>, k: fc.Arbitrary<number>): fc.Arbitrary<GemmInput> =>
  fc.record({
    seed: seeds,
    m,
    n,
    k,
    aGap: sizes(3, 0),
    cGap: sizes(3, 0),
    bias: fc.boolean(),
    residual: fc.boolean(),
    clamp: clamps,
    transposed: fc.boolean(),
  });

/** Rows `gap` elements longer than they need be; the gap holds NaN. */
function spread(values: Float32Array, width: number, gap: number): Float32Array {
  const rows = values.length / width;
  const out = new Float32Array(rows * (width + gap)).fill(Number.NaN);
  for (let r = 0; r < rows; r++) out.set(values.subarray(r * width, (r + 1) * width), r * (width + gap));
  return out;
}

function build(bench: Bench, input: GemmInput): Trial {
  const { seed, m, n, k, aGap, cGap, transposed, clamp } = input;
  const { ws } = bench;
  const a = floats(seed, m * k);
  const b = floats(seed + 1, k * n);
  const bias = input.bias ? floats(seed + 2, n) : undefined;
  const residual = input.residual ? floats(seed + 3, m * n) : undefined;
  const values = transposed ? Float32Array.from(b, (_, i) => b[(i % k) * n + Math.floor(i / k)]!) : b;
  const packed = ws.packMatrix({ k, n, values, transposed, bias });
  const output = bench.out(4 * m * (n + cGap));
  // What lies between the rows of C is not the kernel's.
  ws.kernels.f32(output, m * (n + cGap)).fill(3);
  const expected = spread(gemm({ m, n, k, a, b, bias, residual, clamp }), n, cGap).map((v) =>
    Number.isNaN(v) ? 3 : v,
  );
  const step = ws.gemm({
    m,
    a: bench.put(spread(a, k, aGap)),
    aStride: k + aGap,
    b: packed,
    output,
    outputStride: n + cGap,
    residual: residual === undefined ? undefined : bench.put(spread(residual, n, 1)),
    residualStride: n + 1,
    clamp,
  });
  return { step, results: [{ address: output, expected, relaxedTolerance: 1e-5 }] };
}

export const gemmF32: AnyCase = kernelCase(shape(sizes(30, 3), sizes(35), sizes(40)), build);
export const gemvF32: AnyCase = kernelCase(shape(sizes(2), sizes(70), sizes(40)), build);

export const packF32: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    m: sizes(5),
    n: sizes(20),
    k: sizes(20),
    transposed: fc.boolean(),
    gap: sizes(2, 0),
    scale: fc.constantFrom(undefined, 0.3),
  }),
  (bench, { seed, m, n, k, transposed, gap, scale }): Trial => {
    const { ws } = bench;
    const a = floats(seed, m * k);
    const b = floats(seed + 1, k * n);
    const width = transposed ? k : n;
    const source = transposed ? Float32Array.from(b, (_, i) => b[(i % k) * n + Math.floor(i / k)]!) : b;
    const matrix = ws.reserveMatrix(k, n);
    const pack = ws.packMatrixStep({
      matrix,
      source: bench.put(spread(source, width, gap)),
      sourceStride: width + gap,
      transposed,
      ...(scale !== undefined && { scale }),
    });
    const output = bench.out(4 * m * n);
    const product = ws.gemm({ m, a: bench.put(a), b: matrix, output });
    const expected = gemm({ m, n, k, a, b: b.map((value) => value * Math.fround(scale ?? 1)) });
    return { step: [pack, product], results: [{ address: output, expected, relaxedTolerance: 1e-5 }] };
  },
);
