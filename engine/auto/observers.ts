import type { Choice, NamedCall, Plan, Role } from '../plan.ts';
import { decibels } from '../report/quantities.ts';
import { byteInputs, readersOf } from './byte-inputs.ts';
import { isActivation, mapChoices, withWideWeights } from './plans.ts';
import type { Stage } from './stage.ts';

const widest: NamedCall = { name: 'min-max', arguments: { margin: 0.1 } };
/** Of bytes, in place of the widest: they end where they end, and a range beyond them would not have the steps between them. */
const exact: NamedCall = { name: 'min-max', arguments: {} };
/** What else is tried, in this order: of equally good ones the first stays. */
const narrower: readonly NamedCall[] = [exact, { name: 'mse', arguments: {} }, { name: 'percentile', arguments: {} }];
/** Signal to noise by which an observer must be better to be chosen in place of one before it. */
const clearDecibels = 0.5;

interface Measured {
  readonly observer: NamedCall;
  /** Signal to noise of the outputs, decibels. */
  readonly sqnr: number;
}

/** One observer for the activations that name none: the one with the least noise at the model's outputs, if that is clear. */
export const observers: Stage = {
  trials: (plan) => (hasOpenObserver(plan) ? 1 + narrower.length : 0),

  async choose(plan, trials) {
    if (!hasOpenObserver(plan)) return plan;
    const given = readersOf(await byteInputs(trials.samples), trials.graph);
    const planOf = (observer: NamedCall) => withWideWeights(withObserver(plan, observer, given));
    const measure = async (observer: NamedCall): Promise<Measured> => {
      return { observer, sqnr: await trials.measure(planOf(observer)) };
    };
    const wide = await measure(widest);
    const others: Measured[] = [];
    for (const observer of narrower) others.push(await measure(observer));
    // A small difference is chance.
    const clear = trials.clearly(clearDecibels);
    const other = others.reduce((a, b) => (b.sqnr > a.sqnr + clear ? b : a));
    // What the samples do not show, a hundred of them or the few that choices are judged on, is values beyond their largest, and one such
    // answer in hundreds undoes what a narrower range gains on all others: the widest goes only where most samples are better without.
    const isNarrow =
      other.sqnr > wide.sqnr + clear && (await trials.isSurelyBetter(planOf(other.observer), planOf(widest)));
    const best = isNarrow ? other : wide;
    const list = [wide, ...others].map(({ observer, sqnr }) => `${written(observer)} ${decibels(sqnr)}`).join(', ');
    trials.say(
      `Activations are observed by \`${written(best.observer)}\`.`,
      `Signal to noise of the outputs: ${list}.`,
    );
    return withObserver(plan, best.observer, given);
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

/** The plan with an observer for all activations that name none. @param given nodes that read bytes */
function withObserver(plan: Plan, observer: NamedCall, given: ReadonlySet<string>): Plan {
  return mapChoices(plan, (choice, role, node) => {
    if (!isOpen(role, choice)) return choice;
    const isGiven = role.startsWith('input[') && given.has(node);
    return { ...choice, observer: isGiven && observer === widest ? exact : observer };
  });
}
