import type { CheckedSpec } from '../context.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { RuleOutcome } from '../resolve/layer-fields.ts';
import type { Check, Remark } from './check.ts';
import { line, plural } from './remarks.ts';

/**
 * A later rule that a lock holds off says so: as a warning where it then has no effect at all, as information where it still
 * works on other layers. Two locks that want different things are an error.
 */
export const lockShouldNotBeMet: Check = {
  code: 'rule/locked',
  severity: 'warning',
  section: 'rules',
  what: 'A lock holds a rule off: information where the rule still works elsewhere, a warning where it has no effect, an error where two locks want different things.',
  why: 'What is locked keeps its value.',
  fix: 'Nothing, if that is what the lock is for; else remove the lock or the rule.',
  example: 'quantize {\n  layers first { lock weights int8 }\n  layers op Conv { weights int4 }\n}',
  needs: 'model',
  *remarks({ outcomes, network }) {
    for (const outcome of outcomes) yield* judge(outcome, network);
  },
};

function* judge({ lockedOut, effective }: RuleOutcome, network: CheckedSpec['network']): Iterable<Remark> {
  const groups = new Map<string, RuleOutcome['lockedOut'][number][]>();
  const numbers = new Map<object, number>();
  for (const met of lockedOut) {
    if (!numbers.has(met.statement)) numbers.set(met.statement, numbers.size);
    const key = `${numbers.get(met.statement)} ${met.field} ${met.lockedAt.start.line} ${met.lockedAt.start.column}`;
    const group = groups.get(key);
    if (group) group.push(met);
    else groups.set(key, [met]);
  }
  for (const group of groups.values()) {
    const { statement, field, lockedAt, conflict } = group[0]!;
    const layers = new Set(group.map((met) => met.layer));
    const example = network!.layers[group[0]!.layer]!.name;
    const idle = !effective.has(statement);
    yield {
      severity: conflict ? 'error' : idle ? 'warning' : 'information',
      what: `The ${field} of ${layers.size === 1 ? `layer \`${example}\`` : plural(layers.size, 'layer')} is locked on ${line(lockedAt)}; this does not change it.`,
      ...(conflict
        ? { why: 'Both lock it, to different values.', fix: 'Remove one of the locks.' }
        : { fix: 'Nothing, if that is what the lock is for.' }),
      range: rangeOf(statement),
    };
  }
}
