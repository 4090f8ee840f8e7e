import { findFormat } from '../../engine/formats/registry.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { type Floor, sizeFloor, type TargetFloor, targetFloor } from '../../engine/hardware/floor.ts';
import { findTarget } from '../../engine/hardware/registry.ts';
import type { Target } from '../../engine/hardware/target.ts';
import type { Budget as BudgetChoice, Expectation } from '../../engine/plan.ts';
import { remembered } from '../../engine/remembered.ts';
import { bytes, duration, joules } from '../../engine/report/quantities.ts';
import type { CheckedSpec } from '../context.ts';
import type { Quantity as QuantityNode } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { readFields } from '../resolve/fields.ts';
import { foreseenOf } from '../resolve/foreseen.ts';
import { budgetOf, expectationOf } from '../resolve/judgements.ts';
import { makesLayersSmaller } from '../resolve/prune.ts';
import { find } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

/** Budgets below what the narrowest formats come to. */
export const budgetShouldBeReachable: Check = {
  code: 'budget/unreachable',
  severity: 'warning',
  section: 'targets',
  what: 'A budget of a target, a constraint of a search or an expectation that no choice of formats can meet; the finding says what is the least.',
  why: 'Every weight in the narrowest format that the target runs (or that the search may choose), and every activation too, is still too much. Channels and ranks that the spec prunes do not count, where it is certain how many go.',
  fix: 'Ask for no less than the finding says, or use a smaller network.',
  example: 'target cortex-m7 { ram <= 2 KiB }',
  needs: 'model',
  *remarks(spec) {
    const { definitions, vocabulary } = spec;
    const model = networkToQuantize(spec);
    if (!model) return;
    const searched = searchedFormats(spec);
    const all = vocabulary.formats.map(({ name }) => name);
    const named = definitions.targets.flatMap(({ name }) => findTarget(name?.text ?? '') ?? []);
    const onTarget = (target: Target) => floorOnTarget(model, formatsOn(target, searched ?? all), target);
    const anywhere = () => floorOfSize(model, searched ?? all);
    for (const statement of definitions.targets) {
      const target = findTarget(statement.name?.text ?? '');
      if (!target) continue;
      for (const budget of statement.budgets)
        yield* judge(budgetOf(budget), budget.limit, [target], onTarget, anywhere);
    }
    for (const item of definitions.search?.items ?? []) {
      if (item.$type !== 'SearchConstraint') continue;
      for (const budget of item.budgets) yield* judge(budgetOf(budget), budget.limit, named, onTarget, anywhere);
    }
    for (const statement of definitions.expectations) {
      const expectation = expectationOf(statement);
      if (expectation?.measure === 'value') yield* judge(expectation, statement.limit, named, onTarget, anywhere);
    }
  },
};

/** Undefined without a model, and where the weights of a pruned one decide how large it is. */
function networkToQuantize(spec: CheckedSpec): ModelSummary | undefined {
  if (!makesLayersSmaller(spec)) return spec.model;
  const foreseen = foreseenOf(spec);
  return foreseen?.open.size === 0 ? foreseen.summary : undefined;
}

interface Judged {
  /** For a machine; a size is that of the file. */
  readonly estimated: boolean;
  /** Whether the formats of activations have a part in it. */
  readonly activations: boolean;
  text(value: number): string;
  /** The value, rounded up, as a spec has it. */
  reachable(value: number): string;
}

const kibibytes = (value: number) => `${Math.ceil(value / 1024)} KiB`;
const tenths = (value: number, unit: string) => `${Math.ceil(value * 1e4) / 10} ${unit}`;

const judged = {
  size: { estimated: false, activations: false, text: bytes, reachable: kibibytes },
  flash: { estimated: true, activations: false, text: bytes, reachable: kibibytes },
  ram: { estimated: true, activations: true, text: bytes, reachable: kibibytes },
  latency: { estimated: true, activations: true, text: duration, reachable: (value) => tenths(value, 'ms') },
  energy: { estimated: true, activations: true, text: joules, reachable: (value) => tenths(value, 'mJ') },
} satisfies Record<string, Judged>;

function isJudged(quantity: string): quantity is keyof typeof judged {
  return Object.hasOwn(judged, quantity);
}

/** Of several targets the one that needs least counts: what it meets is met somewhere. */
function* judge(
  bound: BudgetChoice | Expectation | undefined,
  limit: QuantityNode | undefined,
  on: readonly Target[],
  onTarget: (target: Target) => TargetFloor,
  anywhere: () => Floor,
): Iterable<Remark> {
  if (!limit || !bound?.comparison.startsWith('<')) return;
  const { quantity } = bound;
  if (!isJudged(quantity)) return;
  const { estimated, activations: holdsActivations, text, reachable: atLeast } = judged[quantity];
  const floors = on.flatMap((target) => {
    const floor = onTarget(target);
    const value = floor[quantity];
    return value === undefined ? [] : [{ ...floor, name: target.name, value }];
  });
  const best = floors.reduce<(typeof floors)[number] | undefined>(
    (a, b) => (a && a.value <= b.value ? a : b),
    undefined,
  );
  if (!best && quantity !== 'size') return;
  const { weights, activations } = best ?? anywhere();
  const value = best ? best.value : anywhere().size;
  if (value <= bound.limit) return;
  const reachable = atLeast(value);
  yield {
    what: `No choice of formats meets this: \`${quantity}\` is ${estimated ? `about ${text(value)} at the least on ${best!.name}` : `${text(value)} at the least`}.`,
    why: holdsActivations
      ? `That is with weights ${weights} and activations ${activations} throughout.`
      : `That is with weights ${weights} throughout, biases and other constants as they are.`,
    fix: `Allow ${reachable}, or use a smaller network.`,
    range: rangeOf(limit),
    replacement: reachable,
  };
}

/** Formats that the search may give to weights, and those that stay as they are. */
function searchedFormats({ definitions, vocabulary }: CheckedSpec): readonly string[] | undefined {
  const choice = definitions.search?.items.find((item) => item.$type === 'SearchChoice' && item.role === 'weights');
  if (choice?.$type !== 'SearchChoice') return undefined;
  const formats = choice.formats.flatMap(({ text }) => {
    const named = definitions.formats.get(text);
    const format = named ? readFields(named.format, definitions.formats, vocabulary).format?.value : text;
    return find(vocabulary.formats, format) ? [format!] : [];
  });
  return formats.length > 0 ? formats : undefined;
}

/** What the target cannot run a search leaves out. */
function formatsOn(target: Target, formats: readonly string[]): readonly string[] {
  const runs = target.formats.filter((format) => findFormat(format));
  const both = formats.filter((format) => runs.includes(format));
  return both.length > 0 ? both : runs;
}

/** Floors depend on model, formats and target alone: a person who types changes none of them. */
const onTargets = new WeakMap<ModelSummary, Map<string, TargetFloor>>();
const ofSizes = new WeakMap<ModelSummary, Map<string, Floor>>();

function floorOnTarget(model: ModelSummary, formats: readonly string[], target: Target): TargetFloor {
  const floors = remembered(onTargets, model, () => new Map<string, TargetFloor>());
  return remembered(floors, `${target.name} ${formats.join()}`, () => targetFloor(model, formats, target));
}

function floorOfSize(model: ModelSummary, formats: readonly string[]): Floor {
  const floors = remembered(ofSizes, model, () => new Map<string, Floor>());
  return remembered(floors, formats.join(), () => sizeFloor(model, formats));
}
