import { dequantizeTensor } from '../../../engine/formats/affine.ts';
import { type Granularity, partitionOf } from '../../../engine/formats/granularity.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import type { LayerSamples, WeightCodes, WeightMethod, WeightProblem } from '../../../engine/methods/method.ts';
import { noise } from '../quantize/small.ts';

/** Weights per output channel (the first axis), symmetric and narrow. */
export function problemOf(
  channels: readonly (readonly number[])[],
  format = 'int4',
  more: Partial<WeightProblem> = {},
): WeightProblem & { readonly axis: number } {
  const own = formatNamed(format);
  return {
    values: Float32Array.from(channels.flat()),
    dims: [channels.length, channels[0]!.length],
    axis: 0,
    outputAxis: 0,
    format: own,
    scheme: 'symmetric',
    range: [-own.high, own.high],
    observer: { name: 'min-max', arguments: {} },
    leastScale: () => 0,
    ...more,
  };
}

/** Rows of inputs that vary together, and what the weights answer to them. */
export function samplesOf(channels: readonly (readonly number[])[], rows: number, seed: number): LayerSamples {
  const next = noise(seed);
  const length = channels[0]!.length;
  const inputs = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const common = next();
    for (let k = 0; k < length; k++) inputs[row * length + k] = Math.max(0, common + 0.5 * next() + 0.1 * k);
  }
  return samplesFrom(inputs, channels);
}

export function samplesFrom(inputs: Float32Array, channels: readonly (readonly number[])[]): LayerSamples {
  const length = channels[0]!.length;
  const rows = inputs.length / length;
  const answer = (channel: number, row: number) =>
    channels[channel]!.reduce((sum, weight, k) => sum + weight * inputs[row * length + k]!, 0);
  return {
    rows,
    length,
    groups: 1,
    takesBias: true,
    inputs: () => inputs,
    targets: (channel) => Float32Array.from({ length: rows }, (_, row) => answer(channel, row)),
  };
}

export function decoded(problem: WeightProblem, { codes, scale, zeroPoint }: WeightCodes): Float32Array {
  return dequantizeTensor(codes as Int8Array, problem.dims, { scale, zeroPoint, axis: problem.axis! });
}

/** Mean squared difference of the layer's answers from the targets, with the bias that the method gives. */
export function outputError(problem: WeightProblem, samples: LayerSamples, result: WeightCodes): number {
  const weights = decoded(problem, result);
  const { rows, length } = samples;
  const inputs = samples.inputs(0);
  let sum = 0;
  for (let channel = 0; channel < problem.dims[0]!; channel++) {
    const targets = samples.targets(channel);
    for (let row = 0; row < rows; row++) {
      let answer = result.bias?.[channel] ?? result.biasShift?.[channel] ?? 0;
      for (let k = 0; k < length; k++) answer += weights[channel * length + k]! * inputs[row * length + k]!;
      sum += (answer - targets[row]!) ** 2;
    }
  }
  return sum / rows;
}

/** Weights cut as a spec says it, over all codes of formats that are not signed integers. */
export function cutProblem(
  rows: readonly (readonly number[])[],
  format: string,
  granularity: Granularity,
  scale?: string,
) {
  const { axis: _, ...problem } = problemOf(rows, format);
  const { kind, signed, low, high } = formatNamed(format);
  return {
    ...problem,
    ...partitionOf(granularity, problem.dims, 0),
    scheme: signed ? 'symmetric' : 'affine',
    range: [kind === 'integer' && signed ? -high : low, high],
    ...(scale !== undefined && { scale }),
  } satisfies WeightProblem;
}

export function decodedBy(method: WeightMethod, problem: WeightProblem, args = {}): Float32Array {
  const solved = method.quantize(problem, args);
  return decodeTensor(solved.codes, problem.dims, { ...problem, ...solved, format: problem.format.name });
}
