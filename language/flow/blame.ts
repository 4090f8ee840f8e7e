import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import type { Quantize } from '../resolve/definitions.ts';
import type { Statement } from '../resolve/rules.ts';

/** Whether a statement speaks of some layers, and not of all. */
export function isInRule(statement: Statement): boolean {
  return isRule(statement) || statement.$container.$type !== 'QuantizeBlock';
}

/** Range of a statement: of a rule that keeps float, of these words. */
export function rangeOfStatement(statement: Statement) {
  return isRule(statement) ? rangeOfProperty(statement, 'keep') : rangeOf(statement);
}

/**
 * Which of several statements is to be told of what they do together: the last one that speaks of some layers alone, since
 * without it there would be nothing to tell, else the last.
 */
export function blamed(statements: readonly (Statement | undefined)[], order: ReadonlyMap<Statement, number>) {
  let found: Statement | undefined;
  for (const statement of statements) {
    if (!statement) continue;
    if (!found || isInRule(statement) > isInRule(found)) found = statement;
    else if (isInRule(statement) === isInRule(found) && order.get(statement)! > order.get(found)!) found = statement;
  }
  return found;
}

/** The place of each statement of a block in its order. */
export function orderOf(block: Quantize): ReadonlyMap<Statement, number> {
  const order = new Map<Statement, number>();
  for (const item of block.items) {
    if (item.$type === 'ArithmeticStatement') continue;
    order.set(item, order.size);
    if (isRule(item)) for (const statement of item.items) order.set(statement, order.size);
  }
  return order;
}
