import type { Choice, NamedCall, Plan, Role } from '../plan.ts';
import { decibels } from '../report/quantities.ts';
import { isActivation, mapChoices, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';

/**
 * Observers that are tried for activations, in this order: of equally good ones the first stays. The widest comes first: what the
 * samples do not show, a hundred of them or the few that choices are judged on, is values beyond their largest.
 */
const candidates: readonly NamedCall[] = [
  { name: 'min-max', arguments: { margin: 0.1 } },
  { name: 'min-max', arguments: {} },
  { name: 'mse', arguments: {} },
  { name: 'percentile', arguments: {} },
];
/** Signal to noise by which an observer must be better to be chosen in place of one before it. */
const clearDecibels = 0.5;

/** One observer for the activations that name none: the one with the least noise at the model's outputs. */
export const observers: Stage = {
  trials: (plan) => (hasOpenObserver(plan) ? candidates.length : 0),

  async choose(plan, trials) {
    if (!hasOpenObserver(plan)) return plan;
    const found: { readonly observer: NamedCall; readonly sqnr: number }[] = [];
    for (const observer of candidates)
      found.push({ observer, sqnr: await trials.measure(withWideWeights(withObserver(plan, observer))) });
    // A small difference is chance: the first stays.
    const clear = trials.clearly(clearDecibels);
    const best = found.reduce((a, b) => (b.sqnr > a.sqnr + clear ? b : a));
    const list = found.map(({ observer, sqnr }) => `${written(observer)} ${decibels(sqnr)}`).join(', ');
    trials.say(
      `Activations are observed by \`${written(best.observer)}\`.`,
      `Signal to noise of the outputs: ${list}.`,
    );
    return withObserver(plan, best.observer);
  },
};

/** As a spec has it. */
function written({ name, arguments: given }: NamedCall): string {
  const list = Object.entries(given).map(([key, value]) => `${key} = ${value}`);
  return list.length === 0 ? name : `${name}(${list.join(', ')})`;
}

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
function withObserver(plan: Plan, observer: NamedCall): Plan {
  return mapChoices(plan, (choice, role) => (isOpen(role, choice) ? { ...choice, observer } : choice));
}
