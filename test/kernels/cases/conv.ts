import fc from 'fast-check';
import type { ConvGeometry } from '../../../kernels/api.ts';
import { conv2d, convOutputSize } from '../../../kernels/reference/gemm.ts';
import { type AnyCase, type Bench, clamps, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

export interface ConvInput {
  readonly seed: number;
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  readonly residual: boolean;
  readonly gap: number;
  readonly clamp: { readonly min?: number; readonly max?: number };
}

const pair = (max: number, min = 1): fc.Arbitrary<[number, number]> => fc.tuple(sizes(max, min), sizes(max, min));

/** `channels(group)`: input and output channels of a group. */
export function geometries(
  groups: fc.Arbitrary<number>,
  inputs: fc.Arbitrary<number>,
  outputs: fc.Arbitrary<number>,
  kernel: fc.Arbitrary<[number, number]> = pair(4),
): fc.Arbitrary<ConvGeometry> {
  return fc
    .record({
      batch: sizes(2),
      inputHeight: sizes(11),
      inputWidth: sizes(13),
      groups,
      inputs,
      outputs,
      kernel,
      strides: pair(3),
      dilations: pair(2),
      pads: fc.tuple(sizes(3, 0), sizes(3, 0), sizes(3, 0), sizes(3, 0)),
    })
    .map(({ inputs: i, outputs: o, ...rest }) => ({
      ...rest,
      inputChannels: i * rest.groups,
      outputChannels: o * rest.groups,
    }))
    .filter((geometry) => convOutputSize(geometry).every((size) => size > 0));
}

const convInputs = (geometry: fc.Arbitrary<ConvGeometry>): fc.Arbitrary<ConvInput> =>
  fc.record({ seed: seeds, geometry, bias: fc.boolean(), residual: fc.boolean(), gap: sizes(2, 0), clamp: clamps });

/** Pixels `gap` elements longer than their channels. */
export function spread(values: Float32Array, channels: number, gap: number, filler: number): Float32Array {
  const pixels = values.length / channels;
  const out = new Float32Array(pixels * (channels + gap)).fill(filler);
  for (let p = 0; p < pixels; p++) out.set(values.subarray(p * channels, (p + 1) * channels), p * (channels + gap));
  return out;
}

function build(bench: Bench, { seed, geometry, gap, clamp, ...use }: ConvInput): Trial {
  const { ws } = bench;
  const { batch, inputHeight, inputWidth, inputChannels, outputChannels, groups, kernel } = geometry;
  const [height, width] = convOutputSize(geometry);
  const weights = floats(seed, outputChannels * (inputChannels / groups) * kernel[0] * kernel[1]);
  const bias = use.bias ? floats(seed + 1, outputChannels) : undefined;
  const input = floats(seed + 2, batch * inputHeight * inputWidth * inputChannels);
  const residual = use.residual ? floats(seed + 3, batch * height * width * outputChannels) : undefined;
  const expected = spread(conv2d({ geometry, weights, bias, input, residual, clamp }), outputChannels, gap, 5);
  const output = bench.out(expected.byteLength);
  ws.kernels.f32(output, expected.length).fill(5);
  const step = ws.conv2d({
    conv: ws.packConv({ geometry, weights, bias }),
    input: bench.put(spread(input, inputChannels, gap, Number.NaN)),
    output,
    residual: residual === undefined ? undefined : bench.put(spread(residual, outputChannels, gap, Number.NaN)),
    clamp,
    inputStride: inputChannels + gap,
    outputStride: outputChannels + gap,
    residualStride: outputChannels + gap,
  });
  return { step, results: [{ address: output, expected, relaxedTolerance: 1e-5 }] };
}

export const convF32: AnyCase = kernelCase(
  convInputs(
    fc.oneof(
      geometries(fc.constant(1), sizes(12), sizes(20)),
      geometries(sizes(3), sizes(9), sizes(10)),
      geometries(fc.constant(1), sizes(4), sizes(9), fc.constant<[number, number]>([3, 3])),
    ),
  ),
  build,
);

/** Widths of kernel with tiles of their own, on rows of several tiles; and more channels than go over a row at once. */
const tiledKernels = fc.tuple(sizes(5), fc.constantFrom(3, 5, 7));
const one = fc.constant(1);

export const depthwiseF32: AnyCase = kernelCase(
  convInputs(
    fc
      .oneof(
        geometries(sizes(19, 2), one, one),
        geometries(sizes(19, 2), one, one, fc.constant<[number, number]>([3, 3])),
        geometries(sizes(9, 2), one, one, tiledKernels).map((geometry) => ({
          ...geometry,
          inputWidth: 3 * geometry.inputWidth,
        })),
        geometries(sizes(140, 125), one, one, tiledKernels).map((geometry) => ({
          ...geometry,
          batch: 1,
          inputHeight: 3,
        })),
      )
      .filter((geometry) => convOutputSize(geometry).every((size) => size > 0)),
  ),
  build,
);

/** Narrow inputs of few channels go through a padded copy. */
export const padLines: AnyCase = kernelCase(
  convInputs(
    fc
      .oneof(
        geometries(fc.constant(1), sizes(4), sizes(70)),
        geometries(fc.constant(1), sizes(4), sizes(40), fc.constant<[number, number]>([3, 3])),
      )
      .map((geometry) => ({ ...geometry, pads: [1, 2, 0, 3] as const })),
  ),
  build,
);
