import type { RoleStatement } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { groupsOf, type Rule } from '../resolve/rules.ts';
import { quantizableLayers } from '../selectors/network.ts';
import type { Check, Remark } from './check.ts';
import { plural } from './remarks.ts';

/** Rules whose every field a later one sets again, resets of nothing, and rules for layers that cannot be quantised. */
export const ruleShouldHaveEffect: Check = {
  code: 'rule/no-effect',
  severity: 'warning',
  section: 'rules',
  what: 'Every field is set again later, there is nothing to reset, or all that the rule matches stays float anyway.',
  why: 'It changes nothing.',
  fix: 'Remove it, or move it below the rules that cover it.',
  example: 'quantize {\n  layers op Gemm { weights int4 }\n  layers last { weights int8 }\n}',
  needs: 'model',
  *remarks({ rules, network, definitions }) {
    if (!rules || !network) return;
    const locked = new Set(rules.lockedOut.map((met) => met.statement));
    const judge = function* (statement: RoleStatement | Rule): Iterable<Remark> {
      // A statement that a lock held off has been told so.
      if (!rules.setting.has(statement) || rules.effective.has(statement) || locked.has(statement)) return;
      if (statement.$type === 'RoleStatement' && statement.reset && !statement.format) {
        yield {
          what: 'There is nothing to reset: no rule above this one sets anything here.',
          fix: 'Remove it, or move it below the rules that it is to undo.',
          range: rangeOf(statement),
        };
        return;
      }
      yield {
        what: 'Later rules set all of this again: it has no effect.',
        fix: 'Remove it, or move it below them.',
        range: rangeOf(statement),
      };
    };
    for (const item of definitions.quantize?.items ?? []) {
      if (item.$type === 'RoleStatement' && network.layers.length > 0 && groupsOf(item.role).length > 0)
        yield* judge(item);
    }
    for (const { rule, layers } of rules.matches) {
      if (layers.size === 0) continue;
      if (!rule.keep && !layers.overlaps(quantizableLayers(network))) {
        const operators = [...new Set([...layers].map((index) => network.layers[index]!.op))].slice(0, 4).join(', ');
        yield {
          what: `What this rule matches stays float: ${plural(layers.size, 'layer')} of ${operators}.`,
          why: 'QSpec has no integer form of these operators.',
          fix: 'Remove the rule, or select other layers.',
          range: rangeOf(rule.$type === 'LayersRule' ? rule.selector : rule.names[0]),
        };
        continue;
      }
      if (rule.keep) yield* judge(rule);
      for (const statement of rule.items) yield* judge(statement);
    }
  },
};
