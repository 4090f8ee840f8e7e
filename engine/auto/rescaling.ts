import { smoothArgument } from '../methods/method.ts';
import { findMethod } from '../methods/registry.ts';
import type { Choice, Plan } from '../plan.ts';
import { decibels } from '../report/quantities.ts';
import { chosenInOnePass, isActivation, mapWeights, withArguments, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';
import type { Trials } from './trials.ts';

/** Exponents that are tried, each if the one before helped: that of the paper, and more for outliers that are worse. */
const exponents = [0.5, 0.75];
/** By how much the outputs must gain: what a factor does to weights depends on few samples, and less is chance. */
const clearDecibels = 1;

/**
 * Outliers in few channels of a layer's inputs cost all others their resolution; where moving them into the weights helps
 * (SmoothQuant, Xiao et al. 2022), that comes before codes are chosen. Transformers have such channels, convolutional networks
 * seldom. It must help with weights in 8 bits, and in as many as the plan has: their ranges grow.
 */
export const rescaling: Stage = {
  trials: (plan) => (isOpen(plan) ? 2 : 0),

  async choose(plan, trials) {
    if (!isOpen(plan)) return plan;
    let best = plan;
    for (const smooth of exponents) {
      const tried = mapWeights(plan, (choice) => (takesSmoothing(choice) ? withArguments(choice, { smooth }) : choice));
      if (!(await isBetter(tried, best, withWideWeights, trials)) || !(await isBetter(tried, best, inOnePass, trials)))
        break;
      best = tried;
    }
    if (best === plan) return plan;
    const [before, after] = [await trials.measure(withWideWeights(plan)), await trials.measure(withWideWeights(best))];
    trials.say(
      'Outliers of activations are moved into the weights before they are rounded (`smooth`).',
      `Signal to noise of the outputs, weights in 8 bits: ${decibels(before)} without, ${decibels(after)} with.`,
    );
    return best;
  },
};

/** Weights with as many bits as planned: a method that goes layer by layer takes many times as long. */
function inOnePass(plan: Plan): Plan {
  return mapWeights(plan, chosenInOnePass);
}

async function isBetter(plan: Plan, than: Plan, seen: (plan: Plan) => Plan, trials: Trials): Promise<boolean> {
  const before = await trials.measure(seen(than));
  const isClear = (await trials.measure(seen(plan))) >= before + trials.clearly(clearDecibels);
  return isClear && trials.isSurelyBetter(seen(plan), seen(than));
}

/** Whether the spec leaves it to the recipe, and nothing was chosen yet. */
function takesSmoothing({ method, origin, format }: Choice): boolean {
  if (method === undefined || origin.method !== undefined || format === 'float') return false;
  if (method.arguments[smoothArgument.name] !== undefined) return false;
  return findMethod(method.name)?.arguments.some(({ name }) => name === smoothArgument.name) === true;
}

function isOpen(plan: Plan): boolean {
  const all = Object.values(plan.nodes);
  const inCodes = all.some((roles) =>
    Object.entries(roles).some(([role, choice]) => isActivation(role) && choice?.format !== 'float'),
  );
  return inCodes && all.some(({ weight }) => weight !== undefined && takesSmoothing(weight));
}
