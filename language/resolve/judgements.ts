import { type Container, containers } from '../../engine/formats/carrier.ts';
import type { Budget as BudgetChoice, Expectation, ExportRequest, TargetChoice } from '../../engine/plan.ts';
import type {
  Budget,
  ExpectStatement,
  ExportOption,
  ExportStatement,
  RoleStatement,
  TargetStatement,
  Text,
} from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import { type ExpectationKind, findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import { readQuantity } from '../quantities/quantity.ts';
import type { Measure } from '../quantities/units.ts';

const bounds = ['<=', '<', '>=', '>'] as const;

export function targetChoiceOf(statement: TargetStatement): TargetChoice {
  return {
    name: statement.name?.text ?? '',
    range: rangeOf(statement),
    budgets: statement.budgets.flatMap((budget) => budgetOf(budget) ?? []),
  };
}

export function budgetOf(budget: Budget): BudgetChoice | undefined {
  const kind = findBudgetKind(budget.quantity?.text);
  const comparison = bounds.find((known) => known === budget.comparison);
  if (!kind || !comparison) return undefined;
  const reading = readQuantity(budget.limit, [kind.measure]);
  if (reading.kind !== 'value') return undefined;
  return { quantity: kind.name, comparison, limit: reading.value, range: rangeOf(budget) };
}

export function exportRequestOf(statement: ExportStatement, absolute: (path: Text) => string): ExportRequest {
  const options = statement.options.flatMap((option) => {
    const value = optionValue(option);
    return option.key?.text === undefined || value === undefined ? [] : [[option.key.text, value] as const];
  });
  return {
    kind: (statement.format?.text ?? '') as 'onnx',
    style: statement.style?.text ?? '',
    path: absolute(statement.path),
    options: Object.fromEntries(options),
    range: rangeOf(statement),
  };
}

export function optionValue(option: ExportOption): number | string | undefined {
  const value = option.value;
  if (value?.$type === 'Text') return textValue(value);
  if (value?.$type === 'Word') return value.text;
  if (value?.text === undefined) return undefined;
  return value.text.includes('x') ? value.text : Number(value.text);
}

/** How an export is to write integers of fewer than 8 bits. */
export function containerOf({ options }: ExportStatement): Container | undefined {
  const option = options.find(({ key }) => key?.text === 'container');
  const value = option && optionValue(option);
  return containers.find((known) => known === value);
}

/** What a role is to an export: only weights can be packed. */
export function exportRoleOf({ role }: RoleStatement): 'weights' | 'activations' {
  return role === 'weights' ? 'weights' : 'activations';
}

/** What the limit of an `expect` line may be measured in. */
export function measuresOf(kind: ExpectationKind, measure: string | undefined): readonly Measure[] {
  if (measure === undefined) return [kind.measure];
  return kind.measure === 'ratio' ? ['points', 'relative'] : ['relative'];
}

/** Undefined where the line makes no sense; a check tells why. */
export function expectationOf(statement: ExpectStatement): Expectation | undefined {
  const kind = findExpectationKind(statement.quantity?.text);
  const measure = statement.measure?.text;
  const comparison = [...bounds, '==' as const].find((known) => known === statement.comparison);
  if (!kind || !comparison || (measure !== undefined && (measure !== 'drop' || !kind.drops))) return undefined;
  const reading = readQuantity(statement.limit, measuresOf(kind, measure));
  if (reading.kind !== 'value' || (measure !== undefined && reading.unit === undefined)) return undefined;
  return {
    text: (statement.$cstNode?.text ?? '').replaceAll(/\s+/g, ' '),
    quantity: kind.name,
    measure: measure === undefined ? 'value' : reading.unit?.measure === 'points' ? 'drop-points' : 'drop-relative',
    comparison,
    limit: reading.value,
    range: rangeOf(statement),
  };
}
