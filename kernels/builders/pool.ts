import type { PoolGeometry, Step, Workspace } from '../api.ts';
import { type Builder, call, requirePositive, step } from './builder.ts';
import { windowFields } from './window.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

export function poolFields(geometry: PoolGeometry): ReturnType<typeof windowFields> {
  const { batch, inputHeight, inputWidth, channels, outputHeight, outputWidth, kernel, strides, dilations } = geometry;
  requirePositive('pool', batch, inputHeight, inputWidth, channels, outputHeight, outputWidth);
  if ([...kernel, ...strides, ...dilations].some((value) => !Number.isSafeInteger(value) || value < 1))
    throw new RangeError('Kernel, strides and dilations of a pool are positive integers.');
  return windowFields(geometry, outputHeight, outputWidth);
}

/** Output rows and elementary operations of a pool. */
export function poolWork(geometry: PoolGeometry): { readonly rows: number; readonly work: number } {
  const rows = geometry.outputWidth === 0 ? 0 : geometry.batch * geometry.outputHeight;
  const { kernel, channels, outputWidth } = geometry;
  return { rows, work: rows * outputWidth * channels * kernel[0] * kernel[1] };
}

export function maxPool(builder: Builder, args: Args<'maxPool'>): Step {
  const { geometry, input, output } = args;
  const { rows, work } = poolWork(geometry);
  const values = { input, output, channels: geometry.channels, ...poolFields(geometry) };
  return step('maxPool', call(builder, 'maxPoolF32', values, rows, work));
}

export function averagePool(builder: Builder, args: Args<'averagePool'>): Step {
  const { geometry, input, output, countIncludePad } = args;
  const { rows, work } = poolWork(geometry);
  const values = {
    input,
    output,
    channels: geometry.channels,
    ...poolFields(geometry),
    padBottom: geometry.pads[2],
    padRight: geometry.pads[3],
    countPad: countIncludePad ? 1 : 0,
  };
  return step('averagePool', call(builder, 'averagePoolF32', values, rows, work));
}
