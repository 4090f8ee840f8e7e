import { nearest } from '../../engine/nearest.ts';
import type { Quantity } from '../generated/ast.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import { readQuantity } from '../quantities/quantity.ts';
import { type Measure, unitNames, units } from '../quantities/units.ts';
import { measuresOf } from '../resolve/judgements.ts';
import { findProperty } from '../selectors/properties.ts';
import type { Check, Remark } from './check.ts';

/** A number without its unit, or with one that measures something else, is an error and not a number. */
export const unitMustFit: Check = {
  code: 'number/unit',
  severity: 'error',
  section: 'reading',
  what: 'No unit, an unknown one, or one that measures something else.',
  why: 'Units are case-sensitive: `mJ` and `MJ` are far apart. A wrong unit is an error and not a number.',
  fix: 'Write a unit that fits, such as `KiB` or `ms`.',
  example: 'target cortex-m7 { ram <= 320 kib }',
  *remarks({ ast }) {
    for (const budget of nodesOf(ast, 'Budget')) {
      const kind = findBudgetKind(budget.quantity?.text);
      if (kind) yield* judge(budget.limit, [kind.measure], kind.name);
    }
    for (const expectation of nodesOf(ast, 'ExpectStatement')) {
      const kind = findExpectationKind(expectation.quantity?.text);
      const drop = expectation.measure?.text;
      if (!kind || (drop !== undefined && (drop !== 'drop' || !kind.drops))) continue;
      const measures = measuresOf(kind, drop);
      if (drop !== undefined && expectation.limit && expectation.limit.unit === undefined) {
        yield noUnit(expectation.limit, measures, 'a drop');
      } else {
        yield* judge(expectation.limit, measures, drop === undefined ? kind.name : 'a drop');
      }
    }
    for (const { share, of } of nodesOf(ast, 'PruneShare')) yield* judge(share, ['ratio'], of);
    for (const { rank } of nodesOf(ast, 'PruneRank')) yield* judge(rank, ['ratio', 'count'], 'rank');
    for (const test of nodesOf(ast, 'Test')) {
      const property = findProperty(test.property?.name);
      if (property?.type !== 'number' || test.value?.$type !== 'Quantity') continue;
      yield* judge(test.value, property.measures, property.name);
    }
  },
};

function* judge(quantity: Quantity | undefined, measures: readonly Measure[], subject: string): Iterable<Remark> {
  if (!quantity) return;
  const reading = readQuantity(quantity, measures);
  switch (reading.kind) {
    case 'value':
      return;
    case 'no-unit':
      yield noUnit(quantity, measures, subject);
      return;
    case 'no-number':
      yield { what: 'This is no number that can be computed with.', range: rangeOf(quantity) };
      return;
    case 'wrong-measure':
      yield {
        what: `\`${reading.unit.name}\` (${reading.unit.description}) does not measure ${named(subject)}.`,
        fix: `Use ${alternatives(measures)}.`,
        range: rangeOf(quantity.unit),
      };
      return;
    case 'unknown-unit':
      yield unknownUnit(quantity, reading.name, measures);
  }
}

function unknownUnit(quantity: Quantity, name: string, measures: readonly Measure[]): Remark {
  const candidates = measures.flatMap((measure) => unitNames(measure));
  const sameLetters = candidates.filter((candidate) => candidate.toLowerCase() === name.toLowerCase());
  const best = sameLetters[0] ?? nearest(name, candidates);
  const elsewhere = units.find((unit) => unit.name.toLowerCase() === name.toLowerCase());
  return {
    what: `There is no unit ${shown(name)}.`,
    ...(sameLetters.length > 0 || elsewhere ? { why: 'Units are case-sensitive: `mJ` and `MJ` are far apart.' } : {}),
    fix: best === undefined ? `Use ${alternatives(measures)}.` : `Did you mean \`${best}\`?`,
    ...(best === undefined ? {} : { replacement: best }),
    range: rangeOf(quantity.unit),
  };
}

function noUnit(quantity: Quantity, measures: readonly Measure[], subject: string): Remark {
  return {
    what: `${named(subject, true)} needs a unit here.`,
    fix: `Use ${alternatives(measures)}.`,
    range: rangeOf(quantity),
  };
}

function named(subject: string, first = false): string {
  if (!subject.startsWith('a ')) return `\`${subject}\``;
  return first ? `A${subject.slice(1)}` : subject;
}

function alternatives(measures: readonly Measure[]): string {
  const names = measures.flatMap((measure) => unitNames(measure)).map((name) => `\`${name}\``);
  return names.length <= 1 ? (names[0] ?? 'a number alone') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
