import type { Plan } from '../plan.ts';
import { namesOf } from '../quantize/places.ts';
import { percent } from '../report/quantities.ts';
import { chosenInOnePass, mapWeights, wideBits } from './plans.ts';
import { promoted, readersOf, type WeightSizes, weightSizes, worthPromoting } from './promotion.ts';
import type { Stage } from './stage.ts';
import type { Trials } from './trials.ts';

/** Bytes of weights that may be spent on top of what the plan asks for, as a part of what all would take in 8 bits. */
export const spare = 0.05;

/** Layers whose weights are in few bits, and the noise that rounding each alone makes at the model's outputs. */
export interface NarrowWeights extends WeightSizes {
  readonly noise: ReadonlyMap<string, number>;
}

/** More bits for the weights whose rounding the outputs feel most for their size, within what may be spent on them. */
export const bits: Stage = {
  trials: (plan, trials) => (sizesOf(plan, trials).narrow.length > 0 ? 1 : 0),

  async choose(plan, trials) {
    const weights = await narrowWeights(plan, trials);
    return weights === undefined ? plan : promote(plan, weights, spare * weights.wide, trials);
  },
};

function sizesOf(plan: Plan, trials: Trials): WeightSizes {
  return weightSizes(trials.graph, plan, (name) => trials.weightsOf(name));
}

/** Undefined where no layer has weights in few bits. */
export async function narrowWeights(plan: Plan, trials: Trials): Promise<NarrowWeights | undefined> {
  const sizes = sizesOf(plan, trials);
  if (sizes.narrow.length === 0) return undefined;
  // Each layer by itself: a method that makes up for the layers before it would hide what a layer costs.
  const alone = mapWeights(plan, chosenInOnePass);
  const layers = new Set(sizes.narrow.flatMap(readersOf));
  return { ...sizes, noise: await trials.noiseOfLayers(alone, { layers }) };
}

/** The plan with so many bytes spent on more bits for weights. */
export function promote(plan: Plan, weights: NarrowWeights, bytes: number, trials: Trials): Plan {
  const { narrow, noise, planned, wide } = weights;
  const promotions = worthPromoting(narrow, noise, bytes);
  if (promotions.length === 0) return plan;
  const spent = promotions.reduce((sum, { layer, bits }) => sum + (layer.weights * (bits - layer.bits)) / 8, 0);
  const steps = [...new Set(promotions.map(({ bits }) => bits))].toSorted((a, b) => b - a);
  const list = steps.map((step) => {
    const layers = promotions.filter(({ bits }) => bits === step).map(({ layer }) => layer);
    return `${layers.length} get ${step} (${namesOf(layers)})`;
  });
  trials.say(
    `The weights of ${promotions.length} of ${narrow.length} layers get more bits: ${list.join(', ')}.`,
    `The outputs feel their rounding most for their size; all weights take ${percent((planned + spent) / wide)} of what they would in ${wideBits} bits.`,
  );
  return promoted(plan, promotions);
}
