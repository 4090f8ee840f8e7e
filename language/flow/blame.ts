import type { RoleStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import type { Quantize } from '../resolve/definitions.ts';
import type { Rule } from '../resolve/rules.ts';

/** What set a field: a statement, or a rule that keeps its layers float. */
export type Statement = RoleStatement | Rule;

/** Whether a statement speaks of some layers, and not of all. */
export function isInRule(statement: Statement): boolean {
  return statement.$type !== 'RoleStatement' || statement.$container.$type !== 'QuantizeBlock';
}

/** Range of a statement: of a rule that keeps float, of these words. */
export function rangeOfStatement(statement: Statement) {
  return statement.$type === 'RoleStatement' ? rangeOf(statement) : rangeOfProperty(statement, 'keep');
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
    if (item.$type !== 'RoleStatement') for (const statement of item.items) order.set(statement, order.size);
  }
  return order;
}
