import type { Plan } from '../plan.ts';
import { wire } from '../quantize/wiring.ts';
import { decibels } from '../report/quantities.ts';
import { isActivation, mapChoices, namesOf, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';
import type { Trials } from './trials.ts';

/** Signal to noise of the outputs, decibels: with less at 8 bits, some layers are looked for that cannot do with them. */
const ruined = 15;
/** What all other layers together are to leave. */
const wanted = 20;
/** By how much leaving them out must help. */
const clearDecibels = 3;
/** Part of the model's multiplications that may be left in float. */
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
    const before = (await trials.measure(wide)).sqnr;
    if (before >= ruined) return plan;
    const culprits = culpritsAmong(await trials.noiseOfLayers(wide, fewSamples), plan, trials);
    const layers = withReaders(culprits, trials);
    if (layers.size > 0) {
      const tried = [withFloat(plan, layers), withFineWeights(withFloat(plan, layers), culprits)];
      const found: number[] = [];
      for (const own of tried) found.push((await trials.measure(withWideWeights(own))).sqnr);
      const best = found[1]! > Math.max(found[0]!, before) + clearDecibels ? 1 : 0;
      if (found[best]! > before + clearDecibels) {
        const weights = best === 1 ? `, weights in ${finest}` : '';
        trials.say(
          `The activations of ${layers.size} layers stay float${weights}: ${namesOf(layers)}.`,
          `In 8 bits they ruin the outputs: ${decibels(before)} of signal to noise, ${decibels(found[best]!)} without.`,
        );
        return tried[best]!;
      }
    }
    trials.warn({
      code: 'auto/noisy',
      severity: 'warning',
      what: `In 8 bits the outputs keep ${decibels(before)} of signal to noise, and no few layers are the cause.`,
      fix: 'Look at the calibration data (scale, mean, layout) first; else give activations more bits, or leave them float.',
    });
    return plan;
  },
};

/** The noisiest layers, until what the others make is as little as wanted; none where they do too much of the work. */
function culpritsAmong(noise: ReadonlyMap<string, number>, plan: Plan, trials: Trials): ReadonlySet<string> {
  const culprits = new Set<string>();
  const quietFirst = [...noise].filter(([name]) => !isLocked(plan, name)).toSorted(([, a], [, b]) => a - b);
  let sum = 0;
  for (const [name, own] of quietFirst) {
    sum += own;
    if (sum > 10 ** (-wanted / 10)) culprits.add(name);
  }
  return trials.workOf(withReaders(culprits, trials)) <= mostOfWork ? culprits : new Set();
}

function isLocked(plan: Plan, node: string): boolean {
  return Object.values(plan.nodes[node] ?? {}).some((choice) => choice?.locked === true);
}

/** With the layers that would round what these give before they read it. */
function withReaders(names: ReadonlySet<string>, { graph }: Trials): ReadonlySet<string> {
  const wiring = wire(graph);
  const readers = graph.nodes
    .filter(({ name }) => names.has(name))
    .flatMap(({ outputs }) => outputs.flatMap((value) => wiring.consumers(value).map(({ node }) => node.name)));
  return new Set([...names, ...readers]);
}

function withFloat(plan: Plan, names: ReadonlySet<string>): Plan {
  return mapChoices(plan, (choice, role, node) => (names.has(node) && isActivation(role) ? undefined : choice));
}

/** Weights of more bits than samples can tell apart, rounded. */
function withFineWeights(plan: Plan, names: ReadonlySet<string>): Plan {
  return mapChoices(plan, (choice, role, node) => {
    if (!names.has(node) || role !== 'weight' || choice.format === 'float') return choice;
    const { method: _, ...rest } = choice;
    return { ...rest, format: finest };
  });
}
