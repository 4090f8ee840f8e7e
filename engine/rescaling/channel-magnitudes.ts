import type { ValueView } from '../executor/program.ts';
import { forEachRun } from '../formats/affine.ts';
import { elementCount } from '../tensor.ts';

/** Largest and mean magnitude of the channels of a value, streamed: the state is two numbers a channel. */
export class ChannelMagnitudes {
  readonly largest: Float64Array;
  readonly #sums: Float64Array;
  readonly #axis: number;
  #perChannel = 0;

  /** @param axis of the channels in the value's ONNX dims */
  constructor(channels: number, axis: number) {
    this.largest = new Float64Array(channels);
    this.#sums = new Float64Array(channels);
    this.#axis = axis;
  }

  get mean(): Float64Array {
    return this.#sums.map((sum) => sum / Math.max(1, this.#perChannel));
  }

  update({ data, dims, layout }: Pick<ValueView, 'data' | 'dims' | 'layout'>): void {
    const channels = this.largest.length;
    // In memory axis 1 may lie behind the others.
    const axes = dims.map((_, axis) => axis);
    const order = layout === 'channels-last' ? [0, ...axes.slice(2), 1] : axes;
    const behind = order.slice(order.indexOf(this.#axis) + 1);
    const inner = elementCount(behind.map((axis) => dims[axis]!));
    forEachRun(data.length, channels, inner, (channel, from, to) => {
      for (let i = from; i < to; i++) {
        const size = Math.abs(data[i]!);
        // Calibration says where they come from; here they would be in every factor.
        if (!Number.isFinite(size)) continue;
        if (size > this.largest[channel]!) this.largest[channel] = size;
        this.#sums[channel]! += size;
      }
    });
    this.#perChannel += data.length / channels;
  }
}
