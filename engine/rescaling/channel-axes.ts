import { type Dimension, elementCount } from '../tensor.ts';

/**
 * The axes along which the channels of a value lie: channel number = row-major index over them, in this order. One axis
 * mostly; several where heads of an attention are cut apart.
 */
export type ChannelAxes = readonly number[];

/** Channels that the axes hold; undefined where a dimension is not known. */
export function channelCount(dims: readonly Dimension[], axes: ChannelAxes): number | undefined {
  const sizes = axes.map((axis) => dims[axis]);
  return sizes.every((size) => typeof size === 'number') ? elementCount(sizes) : undefined;
}

/** The axes of the input of a Transpose whose output has its channels along `axes`. */
export function beforeTranspose(axes: ChannelAxes, permutation: readonly number[]): ChannelAxes {
  return axes.map((axis) => permutation[axis]!);
}

/**
 * The axes of the input of a reshape whose output has its channels along `axes`; undefined where they are cut across. Only
 * dimensions behind the channels have to be known.
 */
export function beforeReshape(
  input: readonly Dimension[],
  output: readonly Dimension[],
  axes: ChannelAxes,
): ChannelAxes | undefined {
  const runs = runsOf(output, axes);
  const found = runs?.map((run) => axesOfRun(input, run));
  return found?.every((own) => own !== undefined) ? found.flat() : undefined;
}

/** Elements whose place in memory, divided by `inner` and taken modulo `size`, is their channel. */
interface Run {
  readonly size: number;
  readonly inner: number;
}

function runsOf(dims: readonly Dimension[], axes: ChannelAxes): Run[] | undefined {
  const runs: Run[] = [];
  for (const axis of axes) {
    const size = dims[axis];
    const inner = channelCount(
      dims,
      dims.map((_, i) => i).filter((i) => i > axis),
    );
    if (typeof size !== 'number' || inner === undefined) return undefined;
    const last = runs.at(-1);
    if (last?.inner === size * inner) runs[runs.length - 1] = { size: last.size * size, inner };
    else runs.push({ size, inner });
  }
  return runs;
}

function axesOfRun(dims: readonly Dimension[], { size, inner }: Run): number[] | undefined {
  const axes: number[] = [];
  let [behind, covered] = [1, 1];
  for (let axis = dims.length - 1; axis >= 0 && covered < size; axis--) {
    const dim = dims[axis];
    if (typeof dim !== 'number') return undefined;
    if (behind < inner) behind *= dim;
    else if (dim > 1) {
      axes.unshift(axis);
      covered *= dim;
    }
  }
  return behind === inner && covered === size ? axes : undefined;
}
