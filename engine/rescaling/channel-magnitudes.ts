import type { ValueView } from '../executor/program.ts';
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

  /** What is known so far, as numbers; another state of as many channels goes on from there. */
  save(): Float64Array {
    const channels = this.largest.length;
    const state = new Float64Array(1 + 2 * channels);
    state[0] = this.#perChannel;
    state.set(this.largest, 1);
    state.set(this.#sums, 1 + channels);
    return state;
  }

  restore(state: Float64Array): void {
    const channels = this.largest.length;
    this.#perChannel = state[0]!;
    this.largest.set(state.subarray(1, 1 + channels));
    this.#sums.set(state.subarray(1 + channels));
  }

  update({ data, dims, layout }: Pick<ValueView, 'data' | 'dims' | 'layout'>): void {
    const { largest } = this;
    const sums = this.#sums;
    const channels = largest.length;
    // In memory axis 1 may lie behind the others.
    const axes = dims.map((_, axis) => axis);
    const order = layout === 'channels-last' ? [0, ...axes.slice(2), 1] : axes;
    const behind = order.slice(order.indexOf(this.#axis) + 1);
    const inner = elementCount(behind.map((axis) => dims[axis]!));
    // Loops without calls: where channels lie along the last axis, a run is a single element.
    for (let from = 0, channel = 0; from < data.length; from += inner) {
      let most = largest[channel]!;
      let sum = sums[channel]!;
      for (let i = from; i < from + inner; i++) {
        const size = Math.abs(data[i]!);
        // Not finite: calibration says where they come from; here they would be in every factor.
        if (size - size !== 0) continue;
        if (size > most) most = size;
        sum += size;
      }
      largest[channel] = most;
      sums[channel] = sum;
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
    this.#perChannel += data.length / channels;
  }
}
