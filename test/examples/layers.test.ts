import { describe, expect, it } from 'vitest';
import { Random } from '../../engine/data/random.ts';
import {
  type Batch,
  BatchNorm,
  backward,
  batch,
  Convolution,
  Dense,
  forward,
  GlobalAveragePool,
  type Layer,
  MaxPool,
  Relu,
  Residual,
} from '../../examples/digits/layers.ts';

const random = new Random(7);
const uniform = () => random.next() / 2 ** 31 - 1;

const cases: readonly [string, () => Layer, channels: number, size: number][] = [
  ['convolution', () => new Convolution(2, 3, 3, 1, uniform), 2, 4],
  ['pointwise convolution', () => new Convolution(3, 2, 1, 1, uniform), 3, 4],
  ['depthwise convolution', () => new Convolution(3, 3, 3, 3, uniform), 3, 4],
  ['batch normalisation', () => new BatchNorm(3), 3, 3],
  ['ReLU', () => new Relu(), 2, 4],
  ['max pool', () => new MaxPool(), 2, 4],
  ['global average pool', () => new GlobalAveragePool(), 3, 4],
  ['dense layer', () => new Dense(5, 3, uniform), 5, 1],
  ['residual', () => new Residual([new Convolution(2, 2, 3, 1, uniform), new BatchNorm(2)]), 2, 4],
];

/** A loss of any output: its sum weighted by fixed random numbers, whose gradient by the output is these numbers. */
function lossOf(output: Batch, weights: Float32Array): number {
  return output.data.reduce((sum, value, index) => sum + value * weights[index]!, 0);
}

describe.each(cases)('%s', (_, make, channels, size) => {
  it('the gradient is the slope of the loss, by input and by every parameter', () => {
    const layer = make();
    const input = batch(3, channels, size);
    // Far enough from each other and from zero that a step meets no kink of ReLU or max pool.
    const places = random.draw([...input.data.keys()]);
    places.forEach((place, index) => {
      input.data[index] = (2 * place + 1) / places.length - 1;
    });
    const output = forward([layer], input, true);
    const weights = output.data.map(uniform);
    const gradient = backward([layer], { ...output, data: weights });

    const slope = (values: Float32Array, index: number) => {
      const step = 2 ** -8;
      const centre = values[index]!;
      const losses = [centre + step, centre - step].map((value) => {
        values[index] = value;
        return lossOf(forward([layer], input, true), weights);
      });
      values[index] = centre;
      return (losses[0]! - losses[1]!) / (2 * step);
    };
    const compare = (values: Float32Array, gradients: Float32Array) => {
      values.forEach((_, index) => {
        expect(Math.abs(slope(values, index) - gradients[index]!)).toBeLessThan(
          2e-3 * (1 + Math.abs(gradients[index]!)),
        );
      });
    };
    compare(input.data, gradient.data);
    for (const parameter of layer.parameters) compare(parameter.value, parameter.gradient);
  });
});
