import type { ConvGeometry, PackedConv, Step, Workspace } from '../api.ts';
import { type Builder, bounds, call, step } from './builder.ts';
import { windowFields } from './window.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** One filter a channel. */
export function isDepthwise(geometry: ConvGeometry): boolean {
  const { groups, inputChannels, outputChannels } = geometry;
  return groups > 1 && groups === inputChannels && groups === outputChannels;
}

/** Packs [channels, 1, kh, kw] as rows of channels (rounded up to 4): biases, then one row a tap. */
export function packDepthwise(
  builder: Builder,
  args: Args<'packConv'>,
): Pick<PackedConv, 'address' | 'bytes' | 'algorithm'> {
  const { geometry, weights, bias } = args;
  const channels = geometry.outputChannels;
  const taps = geometry.kernel[0] * geometry.kernel[1];
  const padded = Math.ceil(channels / 4) * 4;
  const bytes = 4 * padded * (taps + 1);
  const address = builder.alloc(bytes);
  const target = builder.kernels.f32(address, bytes / 4).fill(0);
  if (bias !== undefined) target.set(bias);
  for (let channel = 0; channel < channels; channel++)
    for (let tap = 0; tap < taps; tap++) target[(tap + 1) * padded + channel] = weights[channel * taps + tap]!;
  return { address, bytes, algorithm: 'depthwise' };
}

export function depthwise(builder: Builder, args: Args<'conv2d'>): Step {
  const { conv, input, output, residual = 0 } = args;
  const { geometry, outputHeight, outputWidth } = conv;
  const channels = geometry.outputChannels;
  const rows = outputWidth === 0 ? 0 : geometry.batch * outputHeight;
  const values = {
    input,
    weights: conv.address,
    output,
    residual,
    channels,
    ...windowFields(geometry, outputHeight, outputWidth),
    inputStride: args.inputStride ?? channels,
    outputStride: args.outputStride ?? channels,
    residualStride: args.residualStride ?? channels,
    ...bounds(args.clamp),
  };
  const work = rows * outputWidth * channels * geometry.kernel[0] * geometry.kernel[1];
  return step('depthwise', call(builder, 'depthwiseF32', values, rows, 2 * work));
}
