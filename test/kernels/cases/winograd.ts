import fc from 'fast-check';
import type { ConvGeometry, PackedConv } from '../../../kernels/api.ts';
import type { Builder } from '../../../kernels/builders/builder.ts';
import { packWinograd, transformWeights, winograd } from '../../../kernels/builders/winograd.ts';
import { conv2d, convOutputSize } from '../../../kernels/reference/gemm.ts';
import { winograd as twin } from '../../../kernels/reference/winograd.ts';
import { type AnyCase, type Bench, clamps, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';
import { type ConvInput, spread } from './conv.ts';

const geometries: fc.Arbitrary<ConvGeometry> = fc
  .record({
    batch: sizes(2),
    inputHeight: sizes(14),
    inputWidth: sizes(14),
    inputChannels: sizes(4).map((groups) => 4 * groups),
    outputChannels: sizes(19),
    pads: fc.tuple(sizes(2, 0), sizes(2, 0), sizes(2, 0), sizes(2, 0)),
  })
  .map((sides) => ({ ...sides, kernel: [3, 3], strides: [1, 1], dilations: [1, 1], groups: 1 }) as ConvGeometry)
  .filter((geometry) => convOutputSize(geometry).every((size) => size > 0));

function build(bench: Bench, { seed, geometry, gap, clamp, ...use }: ConvInput): Trial {
  const { batch, inputHeight, inputWidth, inputChannels, outputChannels } = geometry;
  const [outputHeight, outputWidth] = convOutputSize(geometry);
  const weights = floats(seed, outputChannels * inputChannels * 9);
  const bias = use.bias ? floats(seed + 1, outputChannels) : undefined;
  const input = floats(seed + 2, batch * inputHeight * inputWidth * inputChannels);
  const residual = use.residual ? floats(seed + 3, batch * outputHeight * outputWidth * outputChannels) : undefined;
  const transformed = transformWeights(weights, inputChannels * outputChannels);
  const own = twin({ geometry, transformed, bias, input, residual, clamp });
  // The transforms compute a convolution: sums of up to 144 products of the order of 1.
  conv2d({ geometry, weights, bias, input, residual, clamp }).forEach((want, i) => {
    if (!(Math.abs(own[i]! - want) <= 2e-5))
      throw new Error(`Winograd gives ${own[i]} where the direct sum is ${want}.`);
  });
  const expected = spread(own, outputChannels, gap, 5);
  const output = bench.out(expected.byteLength);
  bench.ws.kernels.f32(output, expected.length).fill(5);
  // Whoever packs a convolution decides who uses it; here both modes do.
  const builder = bench.ws as unknown as Builder;
  const packed = packWinograd(builder, { geometry, weights, bias });
  const conv: PackedConv = { kind: 'conv', geometry, outputHeight, outputWidth, ...packed };
  const step = winograd(builder, {
    conv,
    input: bench.put(spread(input, inputChannels, gap, Number.NaN)),
    output,
    residual: residual === undefined ? undefined : bench.put(spread(residual, outputChannels, gap, Number.NaN)),
    clamp,
    inputStride: inputChannels + gap,
    outputStride: outputChannels + gap,
    residualStride: outputChannels + gap,
  });
  return { step, results: [{ address: output, expected, relaxedTolerance: 2e-5 }] };
}

export const winogradF32: AnyCase = kernelCase(
  fc.record({
    seed: seeds,
    geometry: geometries,
    bias: fc.boolean(),
    residual: fc.boolean(),
    gap: sizes(2, 0),
    clamp: clamps,
  }),
  build,
);
