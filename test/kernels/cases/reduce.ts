import fc from 'fast-check';
import { reduceFunctions } from '../../../kernels/functions.ts';
import { arg, reduce, softmax } from '../../../kernels/reference/reduce.ts';
import { type AnyCase, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

const shapes = fc.record({
  seed: seeds,
  outer: sizes(4),
  axis: sizes(23),
  inner: fc.oneof(fc.constant(1), sizes(9)),
  scale: fc.constantFrom(1, 30),
  extreme: fc.boolean(),
});

export const softmaxF32: AnyCase = kernelCase(
  fc.record({ shape: shapes, log: fc.boolean() }),
  (bench, { shape: { seed, outer, axis, inner, scale }, log }): Trial => {
    const x = floats(seed, outer * axis * inner, scale);
    const output = bench.out(x.byteLength);
    const step = bench.ws.softmax({ log, input: bench.put(x), output, outer, axis, inner });
    const expected = softmax(x, [outer, axis, inner], log);
    return { step, results: [{ address: output, expected, relaxedTolerance: 2e-6 }] };
  },
);

export const reduceF32: AnyCase = kernelCase(
  fc.record({ shape: shapes, fn: fc.constantFrom(...reduceFunctions) }),
  (bench, { shape: { seed, outer, axis, inner, scale, extreme }, fn }): Trial => {
    const x = floats(seed, outer * axis * inner, scale);
    if (extreme) x[seed % x.length] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][seed % 3]!;
    const expected = reduce(fn, x, [outer, axis, inner]);
    const output = bench.out(expected.byteLength);
    const step = bench.ws.reduce({ fn, input: bench.put(x), output, dims: [outer, axis, inner], axes: [1] });
    // With one element in the inner dimension its place in the shape does not matter to the meaning.
    return { step, results: [{ address: output, expected, relaxedTolerance: 2e-6 }] };
  },
);

export const argF32: AnyCase = kernelCase(
  fc.record({ shape: shapes, smallest: fc.boolean(), last: fc.boolean() }),
  (bench, { shape: { seed, outer, axis, inner, extreme }, smallest, last }): Trial => {
    // Few different values, so that several are the extreme.
    const x = floats(seed, outer * axis * inner, 2).map(Math.round);
    if (extreme) x[seed % x.length] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][seed % 3]!;
    const expected = arg(x, [outer, axis, inner], smallest, last);
    const output = bench.out(expected.byteLength);
    const step = bench.ws.arg({ input: bench.put(x), output, outer, axis, inner, smallest, last });
    return { step, results: [{ address: output, expected }] };
  },
);
