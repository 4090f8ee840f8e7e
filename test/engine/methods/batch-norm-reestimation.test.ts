import { describe, expect, it } from 'vitest';
import { type Granularity, partitionOf } from '../../../engine/formats/granularity.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { batchNormReestimation } from '../../../engine/methods/batch-norm-reestimation.ts';
import type { LayerSamples, WeightProblem } from '../../../engine/methods/method.ts';
import { roundToNearest } from '../../../engine/methods/round-to-nearest.ts';
import { noise } from '../quantize/small.ts';
import { problemOf, samplesFrom, samplesOf } from './problems.ts';

const next = noise(7);
const channels = Array.from({ length: 4 }, () => Array.from({ length: 12 }, () => Math.fround(next())));
const samples = samplesOf(channels, 500, 3);

function problem(format: string, granularity: Granularity, scale?: string): WeightProblem {
  const { axis: _, ...whole } = problemOf(channels, format, { samples, ...(scale !== undefined && { scale }) });
  const { kind, low, high } = formatNamed(format);
  return {
    ...whole,
    ...partitionOf(granularity, whole.dims, 0),
    range: kind === 'integer' ? [-high, high] : [low, high],
  };
}

/** Mean and standard deviation of what a channel answers to the samples. */
function statistics(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

function answers(of: WeightProblem, { rows, length, inputs }: LayerSamples) {
  const solved = batchNormReestimation.quantize(of, {});
  const weights = decodeTensor(solved.codes, of.dims, { ...of, ...solved, format: of.format.name });
  const rounded = channels.map((_, channel) =>
    statistics(
      Array.from({ length: rows }, (_, row) =>
        inputs(0)
          .subarray(row * length, (row + 1) * length)
          .reduce((sum, x, k) => sum + x * weights[channel * length + k]!, solved.bias![channel]!),
      ),
    ),
  );
  return { solved, rounded, float: channels.map((_, channel) => statistics([...samples.targets(channel)])) };
}

describe('batch-norm re-estimation', () => {
  it('brings back what is lost where inputs reach beyond their format', () => {
    // Up to 120, of which a format that ends at 30 leaves the rest; the float model saw all.
    const whole = samplesOf(channels, 400, 5);
    const inputs = whole.inputs(0).map((x) => 60 * x);
    const float = samplesFrom(inputs, channels);
    const clipped = inputs.map((x) => Math.min(30, x));
    const cut = { ...float, inputs: () => clipped };
    const own = { ...problem('hfp8-143', 'per-channel'), samples: cut };
    const [plain, retuned] = [roundToNearest, batchNormReestimation].map((method) => {
      const solved = method.quantize(own, {});
      const weights = decodeTensor(solved.codes, own.dims, { ...own, ...solved, axis: 0, format: own.format.name });
      let error = 0;
      for (let channel = 0; channel < channels.length; channel++)
        for (const [row, target] of float.targets(channel).entries()) {
          let answer = solved.bias?.[channel] ?? 0;
          for (let k = 0; k < 12; k++) answer += weights[channel * 12 + k]! * cut.inputs()[row * 12 + k]!;
          error += (answer - target) ** 2;
        }
      return error;
    });
    expect(retuned).toBeLessThan(0.6 * plain!);
  });

  it.each([
    { format: 'int2', granularity: 'per-channel' },
    { format: 'int4', granularity: 'per-group(5)' },
    { format: 'hfp8-143', granularity: 'per-channel' },
    { format: 'kmeans(2)', granularity: 'per-channel' },
    { format: 'best-split(6)', granularity: 'per-channel' },
  ] as const)('gives each channel the mean and deviation of the float model: $format $granularity', (words) => {
    const { rounded, float } = answers(problem(words.format, words.granularity), samples);
    for (const [channel, { mean, deviation }] of float.entries()) {
      expect(rounded[channel]!.mean).toBeCloseTo(mean, 5);
      expect(rounded[channel]!.deviation / deviation).toBeCloseTo(1, 5);
    }
  });

  it.each([
    { granularity: 'per-tensor', scale: undefined },
    { granularity: 'per-channel', scale: 'power-of-two-scale' },
  ] as const)('gives the mean alone where a channel has no free scale of its own: $granularity $scale', (words) => {
    const own = problem('int3', words.granularity, words.scale);
    const { solved, rounded, float } = answers(own, samples);
    expect(solved.scale).toEqual(roundToNearest.quantize(own, {}).scale);
    for (const [channel, { mean }] of float.entries()) expect(rounded[channel]!.mean).toBeCloseTo(mean, 5);
  });
});
