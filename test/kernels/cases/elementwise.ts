import fc from 'fast-check';
import { binaryFunctions, unaryFunctions } from '../../../kernels/functions.ts';
import { affine, binary, floorAffine, unary } from '../../../kernels/reference/elementwise.ts';
import { layerNorm } from '../../../kernels/reference/reduce.ts';
import { type AnyCase, anyFloats, clamps, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

export const unaryF32: AnyCase = kernelCase(
  fc.record({
    fn: fc.constantFrom(...unaryFunctions),
    x: fc.oneof(
      sizes(40).chain(anyFloats),
      seeds.map((seed) => floats(seed, 2100, 10)),
    ),
    alpha: fc.constantFrom(-0.5, 0.1, 1),
    beta: fc.constantFrom(0.5, 2),
  }),
  (bench, { fn, x, alpha, beta }): Trial => {
    const output = bench.out(x.byteLength);
    const step = bench.ws.unary({ fn, input: bench.put(x), output, count: x.length, alpha, beta });
    return { step, results: [{ address: output, expected: unary(fn, x, alpha, beta), relaxedTolerance: 2e-6 }] };
  },
);

/** Every dimension is dense, broadcast, or walked with a gap. */
export const binaryF32: AnyCase = kernelCase(
  fc
    .array(
      fc.record({
        size: sizes(6),
        a: fc.constantFrom<'dense' | 'repeat' | 'gap'>('dense', 'dense', 'repeat', 'gap'),
        b: fc.constantFrom<'dense' | 'repeat' | 'gap'>('dense', 'dense', 'repeat', 'gap'),
      }),
      { maxLength: 5 },
    )
    .chain((dims) => {
      const strides = (operand: 'a' | 'b'): { readonly strides: number[]; readonly length: number } => {
        let step = 1;
        const set = [...dims].reverse().map((dim) => {
          if (dim[operand] === 'repeat') return 0;
          const stride = step * (dim[operand] === 'gap' ? 2 : 1);
          step = stride * dim.size;
          return stride;
        });
        return { strides: set.reverse(), length: step };
      };
      const [a, b] = [strides('a'), strides('b')];
      return fc.record({
        fn: fc.constantFrom(...binaryFunctions),
        dims: fc.constant(dims.map((dim) => dim.size)),
        aStrides: fc.constant(a.strides),
        bStrides: fc.constant(b.strides),
        a: fc.oneof(
          seeds.map((seed) => floats(seed, a.length, 3)),
          a.length < 40 ? anyFloats(a.length) : fc.constant(floats(1, a.length)),
        ),
        b: fc.oneof(
          seeds.map((seed) => floats(seed, b.length, 3)),
          b.length < 40 ? anyFloats(b.length) : fc.constant(floats(2, b.length)),
        ),
        clamp: clamps,
      });
    }),
  (bench, { fn, dims, aStrides, bStrides, a, b, clamp }): Trial => {
    const expected = binary(fn, a, b, dims, aStrides, bStrides, clamp);
    const output = bench.out(expected.byteLength);
    const step = bench.ws.binary({ fn, a: bench.put(a), b: bench.put(b), output, dims, aStrides, bStrides, clamp });
    return { step, results: [{ address: output, expected }] };
  },
);

export const affineF32: AnyCase = kernelCase(
  fc.record({ seed: seeds, rows: sizes(9), channels: sizes(17), clamp: clamps }),
  (bench, { seed, rows, channels, clamp }): Trial => {
    const [x, scale, shift] = [floats(seed, rows * channels), floats(seed + 1, channels), floats(seed + 2, channels)];
    const output = bench.out(x.byteLength);
    const addresses = { input: bench.put(x), scale: bench.put(scale), shift: bench.put(shift) };
    const step = bench.ws.affine({ ...addresses, output, rows, channels, clamp });
    const expected = affine(x, scale, shift, clamp);
    return { step, results: [{ address: output, expected, relaxedTolerance: 1e-6 }] };
  },
);

/** Products that float32 could not hold. */
export const floorAffineF32: AnyCase = kernelCase(
  fc.record({ seed: seeds, rows: sizes(9), channels: sizes(17), clamp: clamps }),
  (bench, { seed, rows, channels, clamp }): Trial => {
    const padded = Math.ceil(channels / 4) * 4;
    const numbers = (from: number, count: number, magnitude: number) =>
      Float64Array.from(floats(from, count), (value) => Math.round(value * magnitude));
    const x = Float32Array.from(numbers(seed, rows * channels, 2 ** 20));
    const scale = numbers(seed + 1, padded, 2 ** 17).map((value) => value / 2 ** 16);
    const shift = numbers(seed + 2, padded, 2 ** 24).map((value) => value / 2 ** 16 + 0.5);
    const output = bench.out(x.byteLength);
    const addresses = { input: bench.put(x), scale: bench.put(scale), shift: bench.put(shift) };
    const step = bench.ws.floorAffine({ ...addresses, output, rows, channels, clamp });
    return { step, results: [{ address: output, expected: floorAffine(x, channels, scale, shift, clamp) }] };
  },
);

export const layerNormF32: AnyCase = kernelCase(
  fc.record({ seed: seeds, rows: sizes(5), width: sizes(19), shifted: fc.boolean() }),
  (bench, { seed, rows, width, shifted }): Trial => {
    const [x, scale] = [floats(seed, rows * width, 4), floats(seed + 1, width)];
    const shift = shifted ? floats(seed + 2, width) : undefined;
    const epsilon = 1e-5;
    const output = bench.out(x.byteLength);
    const step = bench.ws.layerNorm({
      input: bench.put(x),
      output,
      rows,
      width,
      scale: bench.put(scale),
      shift: shift && bench.put(shift),
      epsilon,
    });
    return { step, results: [{ address: output, expected: layerNorm(x, width, scale, shift, epsilon) }] };
  },
);
