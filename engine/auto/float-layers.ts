import type { Plan } from '../plan.ts';
import { namesOf } from '../quantize/places.ts';
import { wire } from '../quantize/wiring.ts';
import { decibels, percent } from '../report/quantities.ts';
import { isActivation, mapChoices, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';
import type { Trials } from './trials.ts';

/** Signal to noise of the outputs, decibels: with less at 8 bits, layers are looked for that cannot do with them. */
const ruined = 15;
/** What all other layers together are to leave. */
const wanted = 20;
/** By how much leaving them out must help. */
const clearDecibels = 3;
/** Part of the model's multiplications that may be left in float unasked. */
const mostOfWork = 1 / 3;
const finest = 'int16';
/** Enough to tell layers that ruin outputs from those that do not. */
const fewSamples = 4;

/**
 * Layers that 8 bits ruin stay float: the spectrum of a sound spans more powers of ten than codes have levels, and so does what
 * lies in front of a logarithm. Looked for only where a model in 8 bits answers little better than noise.
 */
export const floatLayers: Stage = {
  trials: () => 4,

  async choose(plan, trials) {
    const wide = withWideWeights(plan);
    const before = await trials.measure(wide);
    if (before >= ruined) return plan;
    const culprits = noisiest(await trials.noiseOfLayers(wide, { samples: fewSamples }), plan, 10 ** (-wanted / 10));
    const { plan: coarse, names } = withFloat(plan, culprits, trials);
    const share = trials.workOf(names);
    if (names.size > 0 && share <= mostOfWork) {
      const fine = withFineWeights(coarse, culprits);
      const withCoarse = await trials.measure(withWideWeights(coarse));
      const withFine = await trials.measure(withWideWeights(fine));
      const takesFine = withFine > withCoarse + clearDecibels;
      const after = takesFine ? withFine : withCoarse;
      if (after > before + clearDecibels) {
        sayFloat(names, `${takesFine ? `, their weights in ${finest}` : ''}`, trials, [
          `In 8 bits they ruin the outputs: ${decibels(before)} of signal to noise, ${decibels(after)} without.`,
        ]);
        return takesFine ? fine : coarse;
      }
    }
    trials.warn({
      code: 'auto/noisy',
      severity: 'warning',
      what: `With 8 bits the outputs keep ${decibels(before)} of signal to noise, and no few layers are the cause.`,
      fix: 'Check the preprocessing of the calibration data (scale, mean, layout) and that they are enough; else leave activations float.',
    });
    return plan;
  },
};

/**
 * The noisiest layers, until what the others make is no more than this.
 * @param noise noise over signal at the model's outputs of each layer alone
 */
export function noisiest(noise: ReadonlyMap<string, number>, plan: Plan, most: number): ReadonlySet<string> {
  const taken = new Set<string>();
  const quietFirst = [...noise].filter(([name]) => !isLocked(plan, name)).toSorted(([, a], [, b]) => a - b);
  let sum = 0;
  for (const [name, own] of quietFirst) {
    sum += own;
    if (sum > most) taken.add(name);
  }
  return taken;
}

function isLocked(plan: Plan, node: string): boolean {
  return Object.values(plan.nodes[node] ?? {}).some((choice) => choice?.locked === true);
}

/** The plan with the activations of these layers in float, and of those that would round what they give before they read it. */
export function withFloat(
  plan: Plan,
  layers: ReadonlySet<string>,
  { graph }: Trials,
): { readonly plan: Plan; readonly names: ReadonlySet<string> } {
  const wiring = wire(graph);
  const readers = graph.nodes
    .filter(({ name }) => layers.has(name))
    .flatMap(({ outputs }) => outputs.flatMap((value) => wiring.consumers(value).map(({ node }) => node.name)));
  const names = new Set([...layers, ...readers]);
  const float = mapChoices(plan, (choice, role, node) => (names.has(node) && isActivation(role) ? undefined : choice));
  return { plan: float, names };
}

export function sayFloat(names: ReadonlySet<string>, more: string, trials: Trials, why: readonly string[]): void {
  const share = `They do ${percent(trials.workOf(names))} of the multiplications.`;
  trials.say(
    `The activations of ${names.size} layers stay float${more}: ${namesOf(Array.from(names, (name) => ({ name })))}.`,
    [...why, share].join(' '),
  );
}

/** Weights with more bits than samples can tell apart, rounded. */
function withFineWeights(plan: Plan, names: ReadonlySet<string>): Plan {
  return mapChoices(plan, (choice, role, node) => {
    if (!names.has(node) || role !== 'weight' || choice.format === 'float') return choice;
    const { method: _, ...rest } = choice;
    return { ...rest, format: finest };
  });
}
