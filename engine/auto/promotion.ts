import { formatNamed } from '../formats/registry.ts';
import type { Graph } from '../graph/graph.ts';
import type { Plan } from '../plan.ts';
import { mapWeights, wideBits } from './plans.ts';

/** A layer whose weights a plan holds in few bits, and which may get more. */
export interface NarrowLayer {
  readonly name: string;
  readonly weights: number;
  readonly bits: number;
}

export interface WeightSizes {
  readonly narrow: readonly NarrowLayer[];
  /** Of all weights in codes: bytes as planned, and what they would take in 8 bits. */
  readonly planned: number;
  readonly wide: number;
}

/** Sizes of the weights that a plan puts into codes; scales and biases are the same whatever the bits, and not counted. */
export function weightSizes(graph: Graph, plan: Plan, weightOf: (node: string) => string | undefined): WeightSizes {
  const narrow: NarrowLayer[] = [];
  let planned = 0;
  let wide = 0;
  for (const { name } of graph.nodes) {
    const choice = plan.nodes[name]?.weight;
    const weight = graph.initializers.get(weightOf(name) ?? '');
    if (choice === undefined || weight === undefined || choice.format === 'float') continue;
    const { bits } = formatNamed(choice.format);
    const weights = weight.dims.reduce((product, dim) => product * dim, 1);
    planned += (weights * bits) / 8;
    wide += (weights * wideBits) / 8;
    if (bits < wideBits && choice.locked !== true) narrow.push({ name, weights, bits });
  }
  return { narrow, planned, wide };
}

/**
 * Layers that gain most from 8 bits for the bytes that they cost, until the bytes are spent.
 * @param noise what each layer's rounding does to the model's outputs: noise over signal
 */
export function worthPromoting(
  layers: readonly NarrowLayer[],
  noise: ReadonlyMap<string, number>,
  bytes: number,
): readonly NarrowLayer[] {
  const costOf = ({ weights, bits }: NarrowLayer) => (weights * (wideBits - bits)) / 8;
  const gain = (layer: NarrowLayer) => (noise.get(layer.name) ?? 0) / costOf(layer);
  let left = bytes;
  return layers
    .toSorted((a, b) => gain(b) - gain(a))
    .filter((layer) => {
      const cost = costOf(layer);
      if (cost > left) return false;
      left -= cost;
      return true;
    });
}

/** The plan with the weights of these layers in 8 bits. */
export function promoted(plan: Plan, layers: readonly NarrowLayer[]): Plan {
  const names = new Set(layers.map(({ name }) => name));
  return mapWeights(plan, (choice, node) => {
    if (!names.has(node)) return choice;
    const { signed } = formatNamed(choice.format);
    return { ...choice, format: `${signed ? '' : 'u'}int${wideBits}` };
  });
}
