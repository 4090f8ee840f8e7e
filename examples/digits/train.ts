/**
 * Trains the network of the example on the train part of the handwritten digits and writes `digits.onnx`:
 *
 *   node examples/digits/train.ts
 *
 * Seeded and in plain double arithmetic: the same Node version makes the same file. Takes a few minutes.
 */
import { join } from 'node:path';
import { Random } from '../../engine/data/random.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { writeModel } from '../../engine/onnx/model-file.ts';
import { type Digits, loadDigits } from './data.ts';
import { exportModel } from './export.ts';
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
  type Normal,
  Relu,
  Residual,
} from './layers.ts';

const seed = 1;
const epochs = 40;
const batchSize = 32;
const learningRate = 0.05;
const momentum = 0.9;
const weightDecay = 5e-4;
const classes = 10;

/** A small residual network with every kind of layer that a quantiser meets; some 22,000 parameters. */
function network(normal: Normal): Layer[] {
  const convolution = (inputs: number, outputs: number, kernel: number, groups = 1): Layer[] => [
    new Convolution(inputs, outputs, kernel, groups, normal),
    new BatchNorm(outputs),
  ];
  return [
    ...convolution(1, 16, 3),
    new Relu(),
    ...convolution(16, 16, 3, 16),
    new Relu(),
    ...convolution(16, 32, 1),
    new Relu(),
    new MaxPool(),
    new Residual([...convolution(32, 32, 3), new Relu(), ...convolution(32, 32, 3)]),
    new Relu(),
    ...convolution(32, 32, 3, 32),
    new Relu(),
    ...convolution(32, 64, 1),
    new Relu(),
    new GlobalAveragePool(),
    new Dense(64, classes, normal),
  ];
}

const random = new Random(seed);
const layers = network(normalNumbers(random));
const parameters = layers.flatMap((layer) => layer.parameters);
const velocities = parameters.map(({ value }) => new Float32Array(value.length));
const train = await loadDigits('train');

const stepsPerEpoch = Math.floor(train.labels.length / batchSize);
for (let epoch = 0; epoch < epochs; epoch++) {
  const order = random.draw([...train.labels.keys()]);
  let loss = 0;
  for (let step = 0; step < stepsPerEpoch; step++) {
    // Cosine decay (Loshchilov and Hutter 2017).
    const progress = (epoch * stepsPerEpoch + step) / (epochs * stepsPerEpoch);
    const rate = (learningRate / 2) * (1 + Math.cos(Math.PI * progress));
    loss += trainOn(order.slice(step * batchSize, (step + 1) * batchSize), rate) / stepsPerEpoch;
  }
  console.log(`epoch ${String(epoch + 1).padStart(2)} of ${epochs}  loss ${loss.toFixed(4)}`);
}

const path = join(import.meta.dirname, 'digits.onnx');
await writeModel(nodeHost(), path, exportModel(layers));
const count = parameters.reduce((sum, { value }) => sum + value.length, 0);
console.log(`${count} parameters, right on ${percent(accuracy(train))} of the train and, seen now for the first time,`);
console.log(`${percent(accuracy(await loadDigits('test')))} of the test part: ${path}`);

/** One step of stochastic gradient descent with momentum; the mean loss of the samples. */
function trainOn(indices: readonly number[], rate: number): number {
  const input = batch(indices.length, 1, 8);
  indices.forEach((index, place) => {
    input.data.set(shifted(train.images.subarray(index * 64, (index + 1) * 64)), place * 64);
  });
  const logits = forward(layers, input, true);
  const { loss, gradient } = crossEntropy(
    logits,
    indices.map((index) => train.labels[index]!),
  );
  backward(layers, gradient);
  parameters.forEach(({ value, gradient, decays }, number) => {
    const velocity = velocities[number]!;
    for (let index = 0; index < value.length; index++) {
      const slope = gradient[index]! + (decays ? weightDecay * value[index]! : 0);
      velocity[index] = momentum * velocity[index]! + slope;
      value[index]! -= rate * velocity[index]!;
    }
    gradient.fill(0);
  });
  return loss;
}

/** The image moved by up to one pixel each way: a digit is the same digit one pixel to the left. */
function shifted(image: Float32Array): Float32Array {
  const down = random.below(3) - 1;
  const right = random.below(3) - 1;
  return image.map((_, index) => {
    const row = Math.floor(index / 8) - down;
    const column = (index % 8) - right;
    return row < 0 || row > 7 || column < 0 || column > 7 ? 0 : image[row * 8 + column]!;
  });
}

/** Mean cross-entropy of the softmax, and its gradient by the logits. */
function crossEntropy(logits: Batch, labels: readonly number[]): { loss: number; gradient: Batch } {
  const gradient = batch(logits.samples, classes, 1);
  let loss = 0;
  labels.forEach((label, sample) => {
    const row = logits.data.subarray(sample * classes, (sample + 1) * classes);
    const largest = Math.max(...row);
    const exponentials = Array.from(row, (value) => Math.exp(value - largest));
    const sum = exponentials.reduce((a, b) => a + b);
    loss -= Math.log(exponentials[label]! / sum) / labels.length;
    exponentials.forEach((value, index) => {
      gradient.data[sample * classes + index] = (value / sum - (index === label ? 1 : 0)) / labels.length;
    });
  });
  return { loss, gradient };
}

/** Share of the digits that the network, as it will be exported, names rightly. */
function accuracy({ images, labels }: Digits): number {
  const logits = forward(layers, batch(labels.length, 1, 8, images), false).data;
  const right = labels.filter((label, sample) => {
    const row = logits.subarray(sample * classes, (sample + 1) * classes);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / labels.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Marsaglia's polar method. */
function normalNumbers(source: Random): Normal {
  const uniform = () => source.next() / 2 ** 31 - 1;
  return () => {
    for (;;) {
      const x = uniform();
      const y = uniform();
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  };
}
