import type { Finding, TextRange } from '../findings.ts';
import { type CodeRange, channelLayout, forEachRun } from '../formats/affine.ts';
import { channelsOf } from '../methods/channels.ts';
import type { Arithmetic } from '../plan.ts';
import { arithmeticNamed } from './arithmetic/registry.ts';
import type { QuantizedTensor } from './assignment.ts';
import { byPlace, namesOf, type PlacedLayer, rangeOfPlace } from './places.ts';
import { biasTarget, type WeightResult } from './weights.ts';

/**
 * The largest sum that an output channel of a layer can come to, whatever codes it reads: Σ|q_w − z_w| · max|q_x − z_x| + |bias|
 * (METHODS A1, acceptance).
 */
export function largestSum(
  weight: QuantizedTensor & { readonly codes: ArrayLike<number> },
  dims: readonly number[],
  bias: QuantizedTensor | undefined,
  input: { readonly zeroPoint: number; readonly range: CodeRange },
  outputAxis: number,
): number {
  const { channels, inner } = channelLayout(dims, outputAxis);
  const sums = new Float64Array(channels);
  forEachRun(weight.codes.length, channels, inner, (channel, from, to) => {
    const zero = weight.zeroPoint[weight.zeroPoint.length === 1 ? 0 : channel]!;
    for (let i = from; i < to; i++) sums[channel]! += Math.abs(weight.codes[i]! - zero);
  });
  const reach = Math.max(input.range[1] - input.zeroPoint, input.zeroPoint - input.range[0]);
  const codes = bias?.codes as ArrayLike<number> | undefined;
  return sums.reduce((most, sum, channel) => Math.max(most, sum * reach + Math.abs(codes?.[channel] ?? 0)), 0);
}

/** Channels whose weights have a coarser scale than their values ask for, since at a finer one the bias would not fit 32 bits. */
export function channelsHeldByBias({ weight, bias, parameters }: WeightResult): number {
  if (bias === undefined) return 0;
  const large = Array.from(bias.codes as Int32Array).flatMap((code, channel) =>
    Math.abs(code) >= biasTarget * (1 - 1e-6) ? [channel] : [],
  );
  if (large.length === 0) return 0;
  const { data, dims } = parameters.weight;
  const cut = { values: data as Float32Array, dims, ...(weight.axis !== undefined && { axis: weight.axis }) };
  const channels = channelsOf(cut);
  // A channel without weights loses nothing.
  return large.filter((channel) => channels[channels.length === 1 ? 0 : channel]!.some((value) => value !== 0)).length;
}

/** What the codes of all layers come to: two findings at most for each place in the spec that decided formats of weights. */
export class AccumulatorFindings {
  readonly #arithmetic: Arithmetic;
  readonly #over: (PlacedLayer & { readonly sum: number })[] = [];
  readonly #held: PlacedLayer[] = [];

  constructor(arithmetic: Arithmetic) {
    this.#arithmetic = arithmetic;
  }

  sum(name: string, sum: number, place: TextRange | undefined): void {
    if (sum > 2 ** (arithmeticNamed(this.#arithmetic).accumulator.bits - 1) - 1) this.#over.push({ name, sum, place });
  }

  heldByBias(name: string, channels: number, place: TextRange | undefined): void {
    if (channels > 0) this.#held.push({ name, place });
  }

  findings(): Finding[] {
    const { accumulator } = arithmeticNamed(this.#arithmetic);
    const over = byPlace(this.#over).map((layers): Finding => {
      const [first] = layers;
      return {
        code: 'quantize/accumulator',
        severity: 'warning',
        what: `Sums of ${namesOf(layers)} can pass the ${accumulator.bits}-bit accumulator of \`${this.#arithmetic}\`.`,
        why: `With the weights as they are, inputs at their limits give ${first!.sum.toExponential(2)} in “${first!.name}”; a sum that wraps round is off by the whole range.`,
        fix: 'Use fewer bits for weights or activations of these layers, or keep them float.',
        ...rangeOfPlace(layers),
      };
    });
    const held = byPlace(this.#held).map(
      (layers): Finding => ({
        code: 'quantize/bias-range',
        severity: 'warning',
        what: `Biases of ${namesOf(layers)} are so large beside the weights that these got a coarser scale than their values ask for.`,
        why: 'A bias is held in steps of the scales of input and weights, in 32 bits; at a finer scale of the weights it would overflow.',
        fix: 'Keep these layers float if accuracy suffers, or give their inputs a wider range.',
        ...rangeOfPlace(layers),
      }),
    );
    return [...over, ...held];
  }
}
