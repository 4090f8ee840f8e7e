/**
 * Just enough of a deep-learning framework to train the example: layers with a forward and a backward pass in plain
 * loops. Activations are [samples, channels, size, size], row-major.
 */
export interface Batch {
  readonly data: Float32Array;
  readonly samples: number;
  readonly channels: number;
  /** Height and width. */
  readonly size: number;
}

export interface Parameter {
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  /** Whether weight decay applies: to weights, not to offsets and scales. */
  readonly decays: boolean;
}

export interface Layer {
  readonly parameters: readonly Parameter[];
  /** `training`: batch statistics in place of running ones, and what `backward` needs is kept. */
  forward(input: Batch, training: boolean): Batch;
  /** Gradient of the loss by the last input; adds to the gradients of the parameters. */
  backward(gradient: Batch): Batch;
}

/** Draws from the standard normal distribution. */
export type Normal = () => number;

export function batch(samples: number, channels: number, size: number, data?: Float32Array): Batch {
  return { samples, channels, size, data: data ?? new Float32Array(samples * channels * size * size) };
}

function parameter(length: number, decays: boolean, initial: (index: number) => number): Parameter {
  const value = Float32Array.from({ length }, (_, index) => initial(index));
  return { value, gradient: new Float32Array(length), decays };
}

/** Convolution with stride 1 that keeps the size; depthwise when `groups` is the number of channels. No bias. */
export class Convolution implements Layer {
  readonly kind = 'Conv';
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly groups: number;
  readonly weight: Parameter;
  readonly parameters: readonly Parameter[];
  private padded = batch(0, 0, 0);

  constructor(inputs: number, outputs: number, kernel: number, groups: number, normal: Normal) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.kernel = kernel;
    this.groups = groups;
    // He et al. 2015: keeps the variance of activations through ReLU.
    const fanIn = (inputs / groups) * kernel * kernel;
    this.weight = parameter(outputs * fanIn, true, () => normal() * Math.sqrt(2 / fanIn));
    this.parameters = [this.weight];
  }

  forward(input: Batch): Batch {
    this.padded = pad(input, (this.kernel - 1) / 2);
    const output = batch(input.samples, this.outputs, input.size);
    const { data: x, size: stride } = this.padded;
    const { data: y, size } = output;
    this.eachTap(input.samples, stride, size, (tap, from, to) => {
      const weight = this.weight.value[tap]!;
      for (let row = 0; row < size; row++) {
        const xRow = from + row * stride;
        const yRow = to + row * size;
        for (let column = 0; column < size; column++) y[yRow + column]! += weight * x[xRow + column]!;
      }
    });
    return output;
  }

  backward(gradient: Batch): Batch {
    const { data: x, size: stride } = this.padded;
    const { data: dy, size } = gradient;
    const paddedGradient = batch(gradient.samples, this.inputs, stride);
    const dx = paddedGradient.data;
    this.eachTap(gradient.samples, stride, size, (tap, from, to) => {
      const weight = this.weight.value[tap]!;
      let sum = 0;
      for (let row = 0; row < size; row++) {
        const xRow = from + row * stride;
        const yRow = to + row * size;
        for (let column = 0; column < size; column++) {
          sum += dy[yRow + column]! * x[xRow + column]!;
          dx[xRow + column]! += weight * dy[yRow + column]!;
        }
      }
      this.weight.gradient[tap]! += sum;
    });
    return crop(paddedGradient, (this.kernel - 1) / 2);
  }

  /** Every weight with the start of the input plane that it reads (shifted by its place) and the plane that it adds to. */
  private eachTap(
    samples: number,
    stride: number,
    size: number,
    visit: (tap: number, from: number, to: number) => void,
  ): void {
    const { inputs, outputs, kernel, groups } = this;
    const inputsPerGroup = inputs / groups;
    const outputsPerGroup = outputs / groups;
    for (let sample = 0; sample < samples; sample++) {
      let tap = 0;
      for (let output = 0; output < outputs; output++) {
        const to = (sample * outputs + output) * size * size;
        const firstInput = Math.floor(output / outputsPerGroup) * inputsPerGroup;
        for (let input = 0; input < inputsPerGroup; input++) {
          const plane = (sample * inputs + firstInput + input) * stride * stride;
          for (let y = 0; y < kernel; y++) {
            for (let x = 0; x < kernel; x++) visit(tap++, plane + y * stride + x, to);
          }
        }
      }
    }
  }
}

/** Batch normalisation (Ioffe and Szegedy 2015) over samples and places, per channel. */
export class BatchNorm implements Layer {
  readonly kind = 'BatchNormalization';
  readonly epsilon = 1e-5;
  readonly scale: Parameter;
  readonly offset: Parameter;
  readonly parameters: readonly Parameter[];
  readonly runningMean: Float32Array;
  readonly runningVariance: Float32Array;
  private normalized = batch(0, 0, 0);
  private readonly inverseDeviation: Float32Array;
  private readonly momentum = 0.1;

  constructor(channels: number) {
    this.scale = parameter(channels, false, () => 1);
    this.offset = parameter(channels, false, () => 0);
    this.parameters = [this.scale, this.offset];
    this.runningMean = new Float32Array(channels);
    this.runningVariance = new Float32Array(channels).fill(1);
    this.inverseDeviation = new Float32Array(channels);
  }

  forward(input: Batch, training: boolean): Batch {
    const output = batch(input.samples, input.channels, input.size);
    this.normalized = batch(input.samples, input.channels, input.size);
    for (let channel = 0; channel < input.channels; channel++) {
      const { mean, variance } = training ? this.measure(input, channel) : this.running(channel);
      const inverse = 1 / Math.sqrt(variance + this.epsilon);
      this.inverseDeviation[channel] = inverse;
      const scale = this.scale.value[channel]!;
      const offset = this.offset.value[channel]!;
      eachElement(input, channel, (index) => {
        const normalized = (input.data[index]! - mean) * inverse;
        this.normalized.data[index] = normalized;
        output.data[index] = normalized * scale + offset;
      });
    }
    return output;
  }

  backward(gradient: Batch): Batch {
    const result = batch(gradient.samples, gradient.channels, gradient.size);
    const count = gradient.samples * gradient.size * gradient.size;
    const { data: normalized } = this.normalized;
    for (let channel = 0; channel < gradient.channels; channel++) {
      let sum = 0;
      let product = 0;
      eachElement(gradient, channel, (index) => {
        sum += gradient.data[index]!;
        product += gradient.data[index]! * normalized[index]!;
      });
      this.offset.gradient[channel]! += sum;
      this.scale.gradient[channel]! += product;
      // Mean and deviation depend on every element; their part of the gradient is what is subtracted here.
      const factor = this.scale.value[channel]! * this.inverseDeviation[channel]!;
      eachElement(gradient, channel, (index) => {
        result.data[index] = factor * (gradient.data[index]! - sum / count - (normalized[index]! * product) / count);
      });
    }
    return result;
  }

  private running(channel: number) {
    return { mean: this.runningMean[channel]!, variance: this.runningVariance[channel]! };
  }

  private measure(input: Batch, channel: number) {
    const count = input.samples * input.size * input.size;
    let mean = 0;
    eachElement(input, channel, (index) => {
      mean += input.data[index]! / count;
    });
    let variance = 0;
    eachElement(input, channel, (index) => {
      variance += (input.data[index]! - mean) ** 2 / count;
    });
    const { momentum } = this;
    this.runningMean[channel] = (1 - momentum) * this.runningMean[channel]! + momentum * mean;
    this.runningVariance[channel] = (1 - momentum) * this.runningVariance[channel]! + momentum * variance;
    return { mean, variance };
  }
}

export class Relu implements Layer {
  readonly kind = 'Relu';
  readonly parameters: readonly Parameter[] = [];
  private output = batch(0, 0, 0);

  forward(input: Batch): Batch {
    this.output = { ...input, data: input.data.map((value) => Math.max(value, 0)) };
    return this.output;
  }

  backward(gradient: Batch): Batch {
    return { ...gradient, data: gradient.data.map((value, index) => (this.output.data[index]! > 0 ? value : 0)) };
  }
}

/** The largest of each 2×2 square. */
export class MaxPool implements Layer {
  readonly kind = 'MaxPool';
  readonly parameters: readonly Parameter[] = [];
  private input = batch(0, 0, 0);
  /** Index of the input that each output is. */
  private source = new Int32Array(0);

  forward(input: Batch): Batch {
    const output = batch(input.samples, input.channels, input.size / 2);
    this.input = input;
    this.source = new Int32Array(output.data.length);
    for (let index = 0; index < output.data.length; index++) {
      const column = index % output.size;
      const row = Math.floor(index / output.size);
      const corner = 2 * row * input.size + 2 * column;
      let largest = corner;
      for (const neighbour of [corner + 1, corner + input.size, corner + input.size + 1]) {
        if (input.data[neighbour]! > input.data[largest]!) largest = neighbour;
      }
      this.source[index] = largest;
      output.data[index] = input.data[largest]!;
    }
    return output;
  }

  backward(gradient: Batch): Batch {
    const result = batch(this.input.samples, this.input.channels, this.input.size);
    gradient.data.forEach((value, index) => {
      result.data[this.source[index]!]! += value;
    });
    return result;
  }
}

export class GlobalAveragePool implements Layer {
  readonly kind = 'GlobalAveragePool';
  readonly parameters: readonly Parameter[] = [];
  private size = 0;

  forward(input: Batch): Batch {
    this.size = input.size;
    const places = input.size ** 2;
    const output = batch(input.samples, input.channels, 1);
    input.data.forEach((value, index) => {
      output.data[Math.floor(index / places)]! += value / places;
    });
    return output;
  }

  backward(gradient: Batch): Batch {
    const places = this.size ** 2;
    const result = batch(gradient.samples, gradient.channels, this.size);
    for (let index = 0; index < result.data.length; index++) {
      result.data[index] = gradient.data[Math.floor(index / places)]! / places;
    }
    return result;
  }
}

/** y = x · Wᵀ + b on activations of size 1. */
export class Dense implements Layer {
  readonly kind = 'Gemm';
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly parameters: readonly Parameter[];
  private input = batch(0, 0, 0);

  constructor(inputs: number, outputs: number, normal: Normal) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weight = parameter(outputs * inputs, true, () => normal() * Math.sqrt(1 / inputs));
    this.bias = parameter(outputs, false, () => 0);
    this.parameters = [this.weight, this.bias];
  }

  forward(input: Batch): Batch {
    this.input = input;
    const output = batch(input.samples, this.outputs, 1);
    for (let index = 0; index < output.data.length; index++) {
      const sample = Math.floor(index / this.outputs);
      const row = index % this.outputs;
      let sum = this.bias.value[row]!;
      for (let column = 0; column < this.inputs; column++) {
        sum += this.weight.value[row * this.inputs + column]! * input.data[sample * this.inputs + column]!;
      }
      output.data[index] = sum;
    }
    return output;
  }

  backward(gradient: Batch): Batch {
    const result = batch(gradient.samples, this.inputs, 1);
    gradient.data.forEach((value, index) => {
      const sample = Math.floor(index / this.outputs);
      const row = index % this.outputs;
      this.bias.gradient[row]! += value;
      for (let column = 0; column < this.inputs; column++) {
        this.weight.gradient[row * this.inputs + column]! += value * this.input.data[sample * this.inputs + column]!;
        result.data[sample * this.inputs + column]! += value * this.weight.value[row * this.inputs + column]!;
      }
    });
    return result;
  }
}

/** y = x + branch(x). */
export class Residual implements Layer {
  readonly kind = 'Add';
  readonly branch: readonly Layer[];
  readonly parameters: readonly Parameter[];

  constructor(branch: readonly Layer[]) {
    this.branch = branch;
    this.parameters = branch.flatMap((layer) => layer.parameters);
  }

  forward(input: Batch, training: boolean): Batch {
    return sum(input, forward(this.branch, input, training));
  }

  backward(gradient: Batch): Batch {
    return sum(gradient, backward(this.branch, gradient));
  }
}

export function forward(layers: readonly Layer[], input: Batch, training: boolean): Batch {
  return layers.reduce((value, layer) => layer.forward(value, training), input);
}

export function backward(layers: readonly Layer[], gradient: Batch): Batch {
  return layers.reduceRight((value, layer) => layer.backward(value), gradient);
}

function sum(a: Batch, b: Batch): Batch {
  return { ...a, data: a.data.map((value, index) => value + b.data[index]!) };
}

function eachElement({ samples, channels, size }: Batch, channel: number, visit: (index: number) => void): void {
  const places = size * size;
  for (let sample = 0; sample < samples; sample++) {
    const start = (sample * channels + channel) * places;
    for (let index = start; index < start + places; index++) visit(index);
  }
}

function pad(input: Batch, border: number): Batch {
  if (border === 0) return input;
  const output = batch(input.samples, input.channels, input.size + 2 * border);
  copyRows(input, input.size, 0, output, output.size, border, input.size);
  return output;
}

function crop(input: Batch, border: number): Batch {
  if (border === 0) return input;
  const output = batch(input.samples, input.channels, input.size - 2 * border);
  copyRows(input, input.size, border, output, output.size, 0, output.size);
  return output;
}

function copyRows(
  from: Batch,
  fromSize: number,
  fromBorder: number,
  to: Batch,
  toSize: number,
  toBorder: number,
  size: number,
): void {
  for (let plane = 0; plane < from.samples * from.channels; plane++) {
    for (let row = 0; row < size; row++) {
      const start = plane * fromSize * fromSize + (row + fromBorder) * fromSize + fromBorder;
      const place = plane * toSize * toSize + (row + toBorder) * toSize + toBorder;
      to.data.set(from.data.subarray(start, start + size), place);
    }
  }
}
