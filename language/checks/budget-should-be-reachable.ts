import type { ModelSummary } from '../../engine/graph/summary.ts';
import { type Floor, sizeFloor, type TargetFloor, targetFloor } from '../../engine/hardware/floor.ts';
import { findTarget } from '../../engine/hardware/registry.ts';
import type { Budget as BudgetChoice, Expectation } from '../../engine/plan.ts';
import { bytes, duration } from '../../engine/report/quantities.ts';
import type { CheckedSpec } from '../context.ts';
import { readFields } from '../resolve/fields.ts';
import { budgetOf, expectationOf } from '../resolve/judgements.ts';
import { find } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

type Quantity = 'size' | 'flash' | 'ram' | 'latency';

/** Budgets below what the narrowest formats come to. */
export const budgetShouldBeReachable: Check = {
  code: 'budget/unreachable',
  severity: 'warning',
  section: 'targets',
  what: 'A budget of a target, a constraint of a search or an expectation that no choice of formats can meet; the finding says what is the least.',
  why: 'Every weight in the narrowest format that the target runs (or that the search may choose), and every activation too, is still too much.',
  fix: 'Ask for no less than the finding says, or use a smaller network.',
  example: 'target cortex-m7 { ram <= 2 KiB }',
  needs: 'model',
  *remarks(spec) {
    const { model, definitions } = spec;
    if (!model) return;
    const searched = searchedFormats(spec);
    const onTarget = new Map<string, TargetFloor>();
    for (const statement of definitions.targets) {
      const target = findTarget(statement.name?.text ?? '');
      if (!target) continue;
      // What the target cannot run the search leaves out.
      const runs = weightFormats(spec, target.formats);
      const chosen = searched?.filter((format) => runs.includes(format)) ?? [];
      const floor = floorOf(model, chosen.length > 0 ? chosen : runs, target.name);
      onTarget.set(target.name, floor);
      for (const budget of statement.budgets)
        yield* judge(budgetOf(budget), (quantity) => floor[quantity], target.name, floor);
    }
    const formats =
      searched ??
      weightFormats(
        spec,
        spec.vocabulary.formats.map(({ name }) => name),
      );
    // Of several targets, the one that asks for most holds nothing against the others: the least of all counts.
    const least = (quantity: Quantity): number => {
      const floors = [...onTarget.values()].map((floor) => floor[quantity]);
      if (quantity !== 'size') return floors.length > 0 ? Math.min(...floors) : 0;
      return floors.length > 0 ? Math.min(...floors) : sizeOf(model, formats).size;
    };
    const floor = [...onTarget.values()][0] ?? undefined;
    const where = onTarget.size > 0 ? [...onTarget.keys()].join(', ') : undefined;
    const constraints = (definitions.search?.items ?? []).flatMap((item) =>
      item.$type === 'SearchConstraint' ? item.budgets : [],
    );
    for (const budget of constraints) yield* judge(budgetOf(budget), least, where, floor ?? sizeOf(model, formats));
    for (const statement of definitions.expectations) {
      const expectation = expectationOf(statement);
      if (expectation?.measure === 'value') yield* judge(expectation, least, where, floor ?? sizeOf(model, formats));
    }
  },
};

function* judge(
  bound: BudgetChoice | Expectation | undefined,
  least: (quantity: Quantity) => number,
  target: string | undefined,
  { weights, activations }: Floor,
): Iterable<Remark> {
  if (!bound?.comparison.startsWith('<') || !isQuantity(bound.quantity)) return;
  const { quantity, limit, range } = bound;
  const floor = least(quantity);
  if (floor <= limit || !range) return;
  const text = quantity === 'latency' ? duration(floor) : bytes(floor);
  const isEstimate = quantity !== 'size';
  yield {
    what: `No choice of formats meets this: \`${quantity}\` is ${isEstimate ? 'about ' : ''}${text} at the least${isEstimate ? ` on ${target}` : ''}.`,
    why:
      isEstimate && quantity !== 'flash'
        ? `That is with weights ${weights} and activations ${activations} throughout.`
        : `That is with weights ${weights} throughout, biases and other constants as they are.`,
    fix: 'Allow as much, or use a smaller network.',
    range,
  };
}

function isQuantity(name: string): name is Quantity {
  return name === 'size' || name === 'flash' || name === 'ram' || name === 'latency';
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

function weightFormats({ vocabulary }: CheckedSpec, names: readonly string[]): readonly string[] {
  return names.filter((name) => find(vocabulary.formats, name));
}

/** Floors depend on model, formats and target alone: a person who types changes none of them. */
const known = new WeakMap<ModelSummary, Map<string, TargetFloor | Floor>>();

function remembered<T extends TargetFloor | Floor>(model: ModelSummary, key: string, work: () => T): T {
  const floors = known.get(model) ?? new Map<string, TargetFloor | Floor>();
  known.set(model, floors);
  const found = floors.get(key) ?? work();
  floors.set(key, found);
  return found as T;
}

function floorOf(model: ModelSummary, formats: readonly string[], target: string): TargetFloor {
  return remembered(model, `${target} ${formats.join()}`, () => targetFloor(model, formats, findTarget(target)!));
}

function sizeOf(model: ModelSummary, formats: readonly string[]): Floor {
  return remembered(model, formats.join(), () => sizeFloor(model, formats));
}
