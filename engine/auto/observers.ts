import type { Choice, Plan, Role } from '../plan.ts';
import { isActivation, mapChoices, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';

/** Observers that are tried for activations, in this order: of equally good ones the first stays. */
const candidates = ['mse', 'min-max', 'percentile'] as const;
/** Signal to noise by which an observer must be better to be chosen in place of one before it. */
const clearDecibels = 0.5;

/** One observer for the activations that name none: the one with the least noise at the model's outputs. */
export const observers: Stage = {
  trials: (plan) => (hasOpenObserver(plan) ? candidates.length : 0),

  async choose(plan, trials) {
    if (!hasOpenObserver(plan)) return plan;
    const found: { readonly name: string; readonly sqnr: number }[] = [];
    for (const name of candidates) {
      const { sqnr } = await trials.measure(withWideWeights(withObserver(plan, name)));
      found.push({ name, sqnr });
    }
    // A small difference is chance: the first stays.
    const clear = trials.clearly(clearDecibels);
    const best = found.reduce((a, b) => (b.sqnr > a.sqnr + clear ? b : a));
    const list = found.map(({ name, sqnr }) => `${name} ${sqnr.toFixed(1)} dB`).join(', ');
    trials.say(`Activations are observed by \`${best.name}\`.`, `Signal to noise of the outputs: ${list}.`);
    return withObserver(plan, best.name);
  },
};

/** Whether a choice for an activation leaves its observer open. */
function isOpen(role: Role, choice: Choice): boolean {
  return isActivation(role) && choice.format !== 'float' && choice.origin.observer === undefined;
}

function hasOpenObserver(plan: Plan): boolean {
  return Object.values(plan.nodes).some((roles) =>
    (Object.entries(roles) as [Role, Choice][]).some(([role, choice]) => isOpen(role, choice)),
  );
}

/** The plan with an observer for all activations that name none. */
function withObserver(plan: Plan, name: string): Plan {
  return mapChoices(plan, (choice, role) =>
    isOpen(role, choice) ? { ...choice, observer: { name, arguments: {} } } : choice,
  );
}
