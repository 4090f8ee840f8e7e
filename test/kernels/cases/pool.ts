import fc from 'fast-check';
import type { PoolGeometry } from '../../../kernels/api.ts';
import { averagePool, maxPool } from '../../../kernels/reference/pool.ts';
import { type AnyCase, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

const pair = (max: number): fc.Arbitrary<[number, number]> => fc.tuple(sizes(max), sizes(max));

/** Output sizes as the floor or the ceiling rule would give them, so that windows may hang over the end. */
export const poolGeometries: fc.Arbitrary<PoolGeometry> = fc
  .record({
    batch: sizes(2),
    inputHeight: sizes(10),
    inputWidth: sizes(10),
    channels: sizes(13),
    kernel: pair(4),
    strides: pair(3),
    dilations: pair(2),
    pads: fc.tuple(sizes(2, 0), sizes(2, 0), sizes(2, 0), sizes(2, 0)),
    ceil: fc.boolean(),
  })
  .map(({ ceil, ...g }) => {
    const size = (input: number, d: 0 | 1): number => {
      const span = input + g.pads[d] + g.pads[(d + 2) as 2 | 3] - g.dilations[d] * (g.kernel[d] - 1) - 1;
      return (ceil ? Math.ceil : Math.floor)(span / g.strides[d]) + 1;
    };
    return { ...g, outputHeight: size(g.inputHeight, 0), outputWidth: size(g.inputWidth, 1) };
  })
  .filter((g) => g.outputHeight > 0 && g.outputWidth > 0);

const inputs = fc.record({ seed: seeds, geometry: poolGeometries, countIncludePad: fc.boolean() });
const elements = (g: PoolGeometry): number => g.batch * g.inputHeight * g.inputWidth * g.channels;

export const maxPoolF32: AnyCase = kernelCase(inputs, (bench, { seed, geometry }): Trial => {
  const input = floats(seed, elements(geometry));
  input[seed % input.length] = Number.NaN;
  const expected = maxPool(geometry, input);
  const output = bench.out(expected.byteLength);
  const step = bench.ws.maxPool({ geometry, input: bench.put(input), output });
  return { step, results: [{ address: output, expected }] };
});

export const averagePoolF32: AnyCase = kernelCase(inputs, (bench, { seed, geometry, countIncludePad }): Trial => {
  const input = floats(seed, elements(geometry));
  const expected = averagePool(geometry, countIncludePad, input);
  const output = bench.out(expected.byteLength);
  const step = bench.ws.averagePool({ geometry, countIncludePad, input: bench.put(input), output });
  return { step, results: [{ address: output, expected }] };
});
