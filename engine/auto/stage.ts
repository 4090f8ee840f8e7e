import type { Plan } from '../plan.ts';
import type { Trials } from './trials.ts';

/** One thing that the recipe decides. It sees the calibration samples through trials alone, and says what it chose. */
export interface Stage {
  /** Trials that it will make of this plan, at most: for the time left. */
  trials(plan: Plan, trials: Trials): number;
  /** The plan with what it decided; the plan itself where it has nothing to decide, or nothing is clearly better. */
  choose(plan: Plan, trials: Trials): Promise<Plan>;
}
