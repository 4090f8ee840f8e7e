import type { Step, Workspace } from '../api.ts';
import { type Builder, call, step } from './builder.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** Elements of a partial result; part of the meaning of sums, so fixed. */
const run = 65536;

export function minMax(builder: Builder, args: Args<'minMax'>): Step {
  const { input, count, output } = args;
  const parts = Math.ceil(count / run);
  const partial = builder.alloc(12 * Math.max(1, parts));
  return step(
    'minMax',
    call(builder, 'minMaxF32', { input, output: partial, count }, parts, 4 * count),
    call(builder, 'combineMinMaxF32', { input: partial, output, count: parts }, 1, parts),
  );
}

export function minMaxChannels(builder: Builder, args: Args<'minMaxChannels'>): Step {
  const { input, rows, channels, output } = args;
  const values = { input, output, rows, channels };
  return step(
    'minMaxChannels',
    call(builder, 'minMaxChannelsF32', values, Math.ceil(channels / 4), 4 * rows * channels),
  );
}

export function histogram(builder: Builder, args: Args<'histogram'>): Step {
  const { input, count, counts, half, width, parts } = args;
  if (!(width >= 2 ** -126 && width <= 2 ** 126 && Number.isInteger(Math.log2(width))) || !(half >= 1))
    throw new RangeError(`A histogram has no ${half} bins of the width ${width} on either side.`);
  const values = { factor: 1 / width, input, counts, count, half, parts };
  return step('histogram', call(builder, 'histogramF32', values, parts, 4 * count));
}

export function sums(builder: Builder, args: Args<'sums'>): Step {
  const { input, count, output } = args;
  return pairs(builder, 'sums', input, 0, count, output);
}

export function squaredError(builder: Builder, args: Args<'squaredError'>): Step {
  const { a, b, count, output } = args;
  return pairs(builder, 'squaredError', a, b, count, output);
}

function pairs(builder: Builder, name: string, a: number, b: number, count: number, output: number): Step {
  const parts = Math.ceil(count / run);
  const partial = builder.alloc(16 * Math.max(1, parts));
  return step(
    name,
    call(builder, 'sumsF32', { a, b, output: partial, count }, parts, 4 * count),
    call(builder, 'combineSumsF64', { input: partial, output, count: parts }, 1, parts),
  );
}
