import { formatNamed } from '../formats/registry.ts';
import type { Graph } from '../graph/graph.ts';
import type { Plan } from '../plan.ts';
import { isSmallerPacked } from '../readings/packed-codes.ts';
import { elementCount } from '../tensor.ts';
import { mapWeights, wideBits } from './plans.ts';

/** Noise over signal: codes that leave no answer at all have more than can be told apart. */
const mostNoise = 1e6;

/** A layer whose weights a plan holds in few bits, and which may get more. */
export interface NarrowLayer {
  readonly name: string;
  /** Layers that read the same weights, by name: they get the same bits, or each would need a copy. Absent where none does. */
  readonly others?: readonly string[];
  readonly weights: number;
  readonly bits: number;
  /** Bits that it may get instead, ascending. */
  readonly steps: readonly number[];
}

export interface WeightSizes {
  readonly narrow: readonly NarrowLayer[];
  /** Of all weights in codes: bytes as planned, and what they would take in 8 bits. */
  readonly planned: number;
  readonly wide: number;
}

/** Sizes of the weights that a plan puts into codes; scales and biases are the same whatever the bits, and not counted. */
export function weightSizes(graph: Graph, plan: Plan, weightsOf: (node: string) => readonly string[]): WeightSizes {
  const narrow = new Map<string, NarrowLayer>();
  const counted = new Set<string>();
  let planned = 0;
  let wide = 0;
  for (const { name } of graph.nodes) {
    const choice = plan.nodes[name]?.weight;
    const values = weightsOf(name);
    const tensors = values.flatMap((value) => graph.initializers.get(value) ?? []);
    if (choice === undefined || tensors.length === 0 || choice.format === 'float') continue;
    const key = JSON.stringify([values, choice.format, choice.locked === true]);
    const first = narrow.get(key);
    if (first !== undefined) narrow.set(key, { ...first, others: [...(first.others ?? []), name] });
    if (counted.has(key)) continue;
    counted.add(key);
    const { bits } = formatNamed(choice.format);
    const counts = tensors.map(({ dims }) => elementCount(dims));
    const weights = counts.reduce((a, b) => a + b, 0);
    planned += (weights * bits) / 8;
    wide += (weights * wideBits) / 8;
    if (bits >= wideBits || choice.locked === true) continue;
    const takes = (more: number) => counts.every((count) => isWorthItsBits(count, more));
    narrow.set(key, { name, weights, bits, steps: stepsFrom(choice.format).filter(takes) });
  }
  return { narrow: [...narrow.values()], planned, wide };
}

/** Integers grow bit by bit; other formats have no neighbour and become integers of 8 bits. */
function stepsFrom(format: string): readonly number[] {
  const { bits, kind } = formatNamed(format);
  const first = kind === 'integer' ? bits + 1 : wideBits;
  return Array.from({ length: wideBits - first + 1 }, (_, i) => first + i);
}

/** Whether a file holds so many codes in these bits and no more: of small weights it holds 3, 5, 6 and 7 bits in a wider type. */
function isWorthItsBits(count: number, bits: number): boolean {
  return wideBits % bits === 0 || isSmallerPacked(count, bits);
}

/** All layers that read the weights. */
export function readersOf({ name, others = [] }: NarrowLayer): readonly string[] {
  return [name, ...others];
}

/** Bits for a layer's weights in place of those planned. */
export interface Promotion {
  readonly layer: NarrowLayer;
  readonly bits: number;
}

/**
 * Bits for the layers that gain most for the bytes that they cost, until the bytes are spent: a bit more leaves a quarter of a
 * layer's noise, and the next bit goes where it takes most away for its bytes. Of the layers given, those that get any.
 * @param noise what each layer's rounding does to the model's outputs: noise over signal
 */
export function worthPromoting(
  layers: readonly NarrowLayer[],
  noise: ReadonlyMap<string, number>,
  bytes: number,
): readonly Promotion[] {
  const open = layers.map((layer) => ({
    layer,
    bits: layer.bits,
    noise: readersOf(layer).reduce((sum, name) => sum + Math.min(mostNoise, noise.get(name) ?? 0), 0),
  }));
  const stepOf = (own: (typeof open)[number]) => nextBits(own)! - own.bits;
  const gainOf = (own: (typeof open)[number]) =>
    (own.noise * (1 - 4 ** -stepOf(own))) / (stepOf(own) * own.layer.weights);
  const given = new Map<NarrowLayer, number>();
  let left = bytes;
  while (open.length > 0) {
    const best = open.reduce((a, b) => (gainOf(b) > gainOf(a) ? b : a));
    const step = stepOf(best);
    const cost = (best.layer.weights * step) / 8;
    if (cost <= left) {
      left -= cost;
      best.bits += step;
      best.noise *= 4 ** -step;
      given.set(best.layer, best.bits);
    }
    if (cost > left || nextBits(best) === undefined) open.splice(open.indexOf(best), 1);
  }
  return layers.flatMap((layer) => (given.has(layer) ? [{ layer, bits: given.get(layer)! }] : []));
}

/** The next step; none behind the last. */
function nextBits({ layer, bits }: { readonly layer: NarrowLayer; readonly bits: number }): number | undefined {
  return layer.steps.find((step) => step > bits);
}

/** The plan with the weights of these layers in so many bits. */
export function promoted(plan: Plan, promotions: readonly Promotion[]): Plan {
  const bitsOf = new Map(
    promotions.flatMap(({ layer, bits }) => readersOf(layer).map((name) => [name, bits] as const)),
  );
  return mapWeights(plan, (choice, node) => {
    const bits = bitsOf.get(node);
    if (bits === undefined) return choice;
    const { signed } = formatNamed(choice.format);
    return { ...choice, format: `${signed ? '' : 'u'}int${bits}` };
  });
}
