import fc from 'fast-check';
import type { CodeType } from '../../../kernels/api.ts';
import { f32 } from '../../../kernels/reference/float.ts';
import { codesOf, fakeQuantizeNumber, quantizeNumber, rangeParameters } from '../../../kernels/reference/integer.ts';
import { type AnyCase, anyFloats, floats, integers, kernelCase, seeds, sizes, type Trial } from '../harness.ts';
import { codes } from './integer.ts';

/** Values, and parameters per tensor (`channels` undefined) or per element of the last axis. */
const inputs = fc
  .record({
    seed: seeds,
    channels: fc.option(sizes(11), { nil: undefined }),
    rows: fc.oneof(sizes(30), sizes(400)),
    type: fc.constantFrom<CodeType>('u8', 's8'),
    narrow: fc.boolean(),
  })
  .chain((shape) => {
    const count = shape.rows * (shape.channels ?? 1);
    const values =
      count <= 60
        ? fc.oneof(anyFloats(count), fc.constant(floats(shape.seed, count, 3)))
        : fc.constant(floats(shape.seed, count, 3));
    return values.map((x) => {
      const [low, high] = shape.type === 'u8' ? [0, 255] : [-128, 127];
      const size = shape.channels ?? 1;
      return {
        ...shape,
        x,
        low: shape.narrow ? low + 1 : low,
        high: shape.narrow ? high - 100 : high,
        // Half steps come out exactly where the scale is a power of two.
        scale: Float32Array.from(integers(shape.seed, size, 1, 40), (v) => (v % 3 === 0 ? 2 ** -(v % 5) : v / 100)),
        zeroPoint: integers(shape.seed + 1, size, low, high),
      };
    });
  });

type Input = typeof inputs extends fc.Arbitrary<infer T> ? T : never;

function parameters(input: Input, i: number): readonly [scale: number, zero: number, low: number, high: number] {
  const at = i % input.scale.length;
  return [input.scale[at]!, input.zeroPoint[at]!, input.low, input.high];
}

const shared = (input: Input) => ({
  count: input.x.length,
  ...(input.channels === undefined ? {} : { channels: input.channels }),
  scale: input.scale,
  zeroPoint: input.zeroPoint,
  low: input.low,
  high: input.high,
});

/** Seen with the codes that come of it. */
export const rangeCodes: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    count: fc.oneof(sizes(30), sizes(3000)),
    scale: fc.constantFrom(0, 0.5, 3, 1e-6),
    shift: sizes(8, 0),
  }),
  (bench, { seed, count, scale, shift }): Trial => {
    const x = floats(seed, count, scale).map((value) => value + scale * (shift - 4));
    const { scale: step, zero } = rangeParameters(Math.min(...x), Math.max(...x));
    const expected = Uint8Array.from(x, (value) => quantizeNumber(value, step, zero, 0, 255));
    const [output, at, code] = [bench.out(count), bench.out(4), bench.out(1)];
    return {
      step: bench.ws.dynamicQuantize({ input: bench.put(x), count, output, scale: at, zeroPoint: code }),
      results: [
        { address: output, expected },
        { address: at, expected: Float32Array.of(step) },
        { address: code, expected: Uint8Array.of(zero) },
      ],
    };
  },
);

export const quantizeF32: AnyCase = kernelCase(inputs, (bench, input): Trial => {
  const expected = codesOf(input.type, input.x.length);
  for (const [i, x] of input.x.entries()) expected[i] = quantizeNumber(x, ...parameters(input, i));
  const output = bench.out(expected.length);
  const step = bench.ws.quantize({ ...shared(input), type: input.type, input: bench.put(input.x), output });
  return { step, results: [{ address: output, expected }] };
});

export const fakeQuantizeF32: AnyCase = kernelCase(inputs, (bench, input): Trial => {
  const expected = input.x.map((x, i) => fakeQuantizeNumber(x, ...parameters(input, i)));
  const output = bench.out(expected.byteLength);
  const step = bench.ws.fakeQuantize({ ...shared(input), input: bench.put(input.x), output });
  return { step, results: [{ address: output, expected }] };
});

export const dequantizeF32: AnyCase = kernelCase(inputs, (bench, input): Trial => {
  const values = codes(input.seed, input.x.length, input.type);
  const expected = Float32Array.from(values, (code, i) => {
    const [scale, zero] = parameters(input, i);
    return f32(f32(code - zero) * scale);
  });
  const output = bench.out(expected.byteLength);
  const step = bench.ws.dequantize({ ...shared(input), type: input.type, input: bench.put(values), output });
  return { step, results: [{ address: output, expected }] };
});
