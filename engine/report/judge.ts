import { targets } from '../hardware/registry.ts';
import type { Budget, Expectation } from '../plan.ts';
import { bytes, duration, joules, percent } from './quantities.ts';
import type { Judgement } from './report.ts';

type Comparison = Expectation['comparison'];

export function holds(value: number, comparison: Comparison, limit: number): boolean {
  switch (comparison) {
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
    case '==':
      return value === limit;
  }
}

/** What a run measured, by quantity; what it did not measure is absent. */
export interface Measured {
  readonly value: number;
  /** Of the float model; absent where the quantity has no "before". */
  readonly before?: number;
}
export type Measurements = Readonly<Record<string, Measured | undefined>>;

/** Judges an `expect` line. A quantity that the run did not measure leaves it unjudged, and says why. */
export function judge(expectation: Expectation, measurements: Measurements): Judgement {
  const { text, quantity, measure, comparison, limit } = expectation;
  const measured = measurements[quantity];
  if (measured === undefined) return { text, passed: undefined, found: reasonFor(quantity) };
  if (measure === 'value') {
    return { text, passed: holds(measured.value, comparison, limit), found: say(quantity, measured.value) };
  }
  if (measured.before === undefined) return { text, passed: undefined, found: 'there is nothing to compare with' };
  const drop = measured.before - measured.value;
  if (measure === 'drop-points') {
    // Accuracies are counts over samples: a drop of exactly the limit must not fail by the last bit.
    const points = Number((drop * 100).toFixed(9));
    return { text, passed: holds(points, comparison, limit), found: `${signed(points)} points` };
  }
  const relative = measured.before === 0 ? 0 : drop / measured.before;
  return { text, passed: holds(relative, comparison, limit), found: `${signed(relative * 100)} % of what it was` };
}

/** Judges one budget of a target or of a search. */
export function judgeBudget(budget: Budget, value: number | undefined): Judgement {
  const text = `${budget.quantity} ${budget.comparison} ${say(budget.quantity, budget.limit)}`;
  if (value === undefined) return { text, passed: undefined, found: reasonFor(budget.quantity) };
  return {
    text,
    passed: holds(value, budget.comparison, budget.limit),
    found: `${say(budget.quantity, value)}${budget.quantity === 'size' ? '' : ' (estimate)'}`,
  };
}

const powered = targets.filter(({ activePower }) => activePower !== undefined).map(({ name }) => name);

function reasonFor(quantity: string): string {
  switch (quantity) {
    case 'top1':
    case 'top5':
      return 'not measured: it needs a data block with labels (data validation …)';
    case 'sqnr':
      return 'not measured: it needs a data block to run on';
    case 'agreement':
      return 'not measured: it needs a data block to run on, and outputs that decide something on it';
    case 'latency':
    case 'flash':
    case 'ram':
      return 'not estimated: the spec names no target';
    case 'energy':
      return `not estimated: it needs a target with a model of energy (${powered.join(', ')})`;
    default:
      return 'not measured';
  }
}

function say(quantity: string, value: number): string {
  switch (quantity) {
    case 'size':
    case 'flash':
    case 'ram':
      return bytes(value);
    case 'latency':
      return duration(value);
    case 'energy':
      return joules(value);
    case 'top1':
    case 'top5':
    case 'agreement':
      return percent(value, 2);
    case 'sqnr':
      return `${value.toFixed(1)} dB`;
    default:
      return String(value);
  }
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : ''}${text}`;
}
