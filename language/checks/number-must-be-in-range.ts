import type { Numeric, Quantity } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { findExpectationKind } from '../quantities/measured.ts';
import { numberOf, readQuantity } from '../quantities/quantity.ts';
import type { Check, Remark } from './check.ts';

/** Numbers that no computer holds, negative budgets, shares above one. */
export const numberMustBeInRange: Check = {
  code: 'number/range',
  severity: 'error',
  section: 'reading',
  what: 'A number that no computer holds, a division by zero, a negative budget or count, a share above one.',
  why: 'It could not be carried out.',
  fix: 'Write a number within the bounds.',
  example: 'data validation npz "v.npz" { labels y }\nexpect top1 >= 85',
  *remarks({ ast }) {
    for (const numeric of nodesOf(ast, 'Numeric')) yield* finite(numeric);
    for (const quantity of nodesOf(ast, 'Quantity')) yield* finite(quantity);
    for (const budget of nodesOf(ast, 'Budget')) {
      if (numberOf(budget.limit) < 0) yield { what: 'A budget cannot be negative.', range: rangeOf(budget.limit) };
    }
    for (const { share, of } of nodesOf(ast, 'PruneShare')) {
      const reading = readQuantity(share, ['ratio']);
      if (reading.kind === 'value' && (reading.value < 0 || reading.value > 1)) {
        yield { what: `\`${of}\` is a share: it lies between 0 % and 100 %.`, range: rangeOf(share) };
      }
    }
    for (const count of nodesOf(ast, 'Count')) {
      const value = numberOf(count.number);
      if (count.number && !Number.isNaN(value) && !(Number.isSafeInteger(value) && value >= 0)) {
        yield { what: 'A number of layers is whole and not negative.', range: rangeOf(count.number) };
      }
    }
    for (const expectation of nodesOf(ast, 'ExpectStatement')) {
      const kind = findExpectationKind(expectation.quantity?.text);
      if (kind?.measure !== 'ratio' || expectation.measure) continue;
      const reading = readQuantity(expectation.limit, ['ratio']);
      if (reading.kind !== 'value' || (reading.value >= 0 && reading.value <= 1)) continue;
      yield {
        what: `\`${kind.name}\` is a share: it lies between 0 and 1.`,
        ...(reading.value <= 100 && reading.value > 0 && !reading.unit
          ? { fix: `Did you mean \`${expectation.limit.number} %\`?`, replacement: `${expectation.limit.number} %` }
          : { fix: 'Write `0.9` or `90 %`.' }),
        range: rangeOf(expectation.limit),
      };
    }
  },
};

function* finite(numeric: Numeric | Quantity): Iterable<Remark> {
  if (numeric.number === undefined || !Number.isNaN(numberOf(numeric))) return;
  const zero = numeric.denominator !== undefined && Number(numeric.denominator) === 0;
  yield {
    what: zero ? 'This divides by zero.' : 'This number is too large to compute with.',
    range: rangeOf(numeric),
  };
}
