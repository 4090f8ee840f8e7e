import type { Graph, GraphNode } from '../graph/graph.ts';
import type { InputMeans } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import { tensorAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { erfOf } from '../operators/shared/special.ts';
import type { Plan } from '../plan.ts';
import { clampOf } from '../quantize/activations.ts';
import { vectorShape } from '../quantize/input-vectors.ts';
import { integerForm } from '../quantize/integer-form.ts';
import { type Wiring, wire } from '../quantize/wiring.ts';
import type { Tensor } from '../tensor.ts';

/** Channels (axis 1) of a value as Gaussians. */
export interface ChannelDistribution {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** By value name. */
export type ChannelDistributions = ReadonlyMap<string, ChannelDistribution>;

/**
 * What batch normalisations say of their outputs: mean β and deviation |γ| of each channel, without any data (Nagel et al. 2019,
 * section 4.1.3). Known of values that are still there after the passes, whether the normalisation is or was folded.
 * @param original the graph as it was read
 * @param graph what the passes made of it
 */
export function channelDistributions(original: Graph, graph: Graph): ChannelDistributions {
  const left = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const { producer } = wire(original);
  const constant = (value: string | undefined): Tensor | undefined => {
    if (value === undefined) return undefined;
    const node = producer(value);
    return original.initializers.get(value) ?? (node?.op === 'Constant' ? tensorAttribute(node, 'value') : undefined);
  };
  const found = new Map<string, ChannelDistribution>();
  for (const node of original.nodes) {
    const value = node.outputs[0]!;
    if (node.op !== 'BatchNormalization' || node.domain !== '' || !left.has(value)) continue;
    const [gamma, beta] = [constant(node.inputs[1]), constant(node.inputs[2])];
    if (gamma === undefined || beta === undefined) continue;
    found.set(value, {
      mean: Float64Array.from(numbersOf(beta)),
      deviation: Float64Array.from(numbersOf(gamma), Math.abs),
    });
  }
  return found;
}

/** Operators that leave the mean of each channel as it is. */
const keepingMean = new Set(['AveragePool', 'Dropout', 'Flatten', 'GlobalAveragePool', 'Identity', 'Squeeze']);

/**
 * Mean of each channel of a value: of a Gaussian, of one that a Relu or Clip cuts (the appendix of Nagel et al. 2019), of sums of
 * such. Undefined where no normalisation tells.
 */
export function expectedMean(
  value: string,
  graph: Graph,
  distributions: ChannelDistributions,
  wiring: Wiring = wire(graph),
): Float64Array | undefined {
  const known = distributions.get(value);
  if (known !== undefined) return known.mean;
  const node = wiring.producer(value);
  if (node === undefined || node.domain !== '') return undefined;
  const [first, second] = node.inputs as [string, string?];
  const clamp = clampOf(node, graph);
  if (clamp !== undefined) {
    const own = distributions.get(first);
    return own?.mean.map((mean, channel) => clippedMean(mean, own.deviation[channel]!, clamp));
  }
  if (keepingMean.has(node.op))
    return keepsChannels(node, graph) ? expectedMean(first, graph, distributions, wiring) : undefined;
  if (node.op !== 'Add') return undefined;
  const [a, b] = [first, second!].map((operand) => expectedMean(operand, graph, distributions, wiring));
  return a?.length === b?.length ? a?.map((mean, channel) => mean + b![channel]!) : undefined;
}

/** The mean of what each layer reads, for those whose method works without data and whose inputs are known. */
export function expectedInputs(
  graph: Graph,
  plan: Plan,
  distributions: ChannelDistributions,
): ReadonlyMap<string, InputMeans> {
  const wiring = wire(graph);
  const found = new Map<string, InputMeans>();
  for (const node of graph.nodes) {
    const choice = plan.nodes[node.name]?.weight;
    const form = integerForm(node, graph);
    if (!choice?.method || !methodNamed(choice.method.name).dataFree || 'reason' in form || form.kind !== 'compute')
      continue;
    const channels = expectedMean(node.inputs[0]!, graph, distributions, wiring);
    const { dims } = graph.initializers.get(node.inputs[form.weight!]!)!;
    const { length, groups } = vectorShape(node, dims, form.weightAxis!);
    if (channels === undefined) continue;
    const perGroup = channels.length / groups;
    const taps = length / perGroup;
    if (!Number.isInteger(taps)) continue;
    const mean = (group: number) =>
      Float64Array.from({ length }, (_, k) => channels[group * perGroup + Math.floor(k / taps)]!);
    found.set(node.name, { groups, mean });
  }
  return found;
}

/** Whether axis 1 of the output holds the channels of axis 1 of the input, which it does not where a map is laid flat. */
function keepsChannels({ inputs, outputs }: GraphNode, { types }: Graph): boolean {
  const channels = types.get(inputs[0]!)?.dims?.[1];
  return channels !== undefined && channels === types.get(outputs[0]!)?.dims?.[1];
}

/** E[min(max(x, a), b)] of a Gaussian x. */
export function clippedMean(
  mean: number,
  deviation: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (deviation === 0) return Math.min(max, Math.max(min, mean));
  const [a, b] = [(min - mean) / deviation, (max - mean) / deviation];
  const below = Number.isFinite(a) ? min * cumulative(a) : 0;
  const above = Number.isFinite(b) ? max * (1 - cumulative(b)) : 0;
  return below + above + mean * (cumulative(b) - cumulative(a)) + deviation * (density(a) - density(b));
}

function density(x: number): number {
  return Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
}

function cumulative(x: number): number {
  return Number.isFinite(x) ? (1 + erfOf(x / Math.SQRT2)) / 2 : x > 0 ? 1 : 0;
}
