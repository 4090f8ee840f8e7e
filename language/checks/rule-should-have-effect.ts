import type { AstNode } from 'langium';
import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { BackendStatement, PruneStatement, RoleStatement, TrainStatement } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { isRule, selects } from '../grammar/rules.ts';
import type { RuleOutcome } from '../resolve/layer-fields.ts';
import { hasWeights } from '../resolve/prune.ts';
import { groupsOf } from '../resolve/rules.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import { type Network, quantizableLayers } from '../selectors/network.ts';
import type { Check, Remark } from './check.ts';
import { plural } from './remarks.ts';

type Statement = RoleStatement | BackendStatement | PruneStatement | TrainStatement;

/** What a block's rules can work on, and what is said of one that matches nothing of the kind. */
interface Reach {
  readonly reaches: (layers: LayerSet, network: Network) => boolean;
  readonly what: string;
  readonly why: string;
}

const quantizing: Reach = {
  reaches: (layers, network) => layers.overlaps(quantizableLayers(network)),
  what: 'What this rule matches stays float',
  why: 'QSpec has no integer form of these operators.',
};
const pruning: Reach = {
  reaches: some(hasWeights),
  what: 'What this rule matches has no stored weights to prune',
  why: 'Convolutions, Gemm, MatMul and recurrent layers have.',
};
const training: Reach = {
  reaches: some(({ parameters }) => parameters > 0),
  what: 'What this rule matches has nothing to train',
  why: 'These layers have no parameters.',
};

function some(holds: (layer: LayerSummary) => boolean): Reach['reaches'] {
  return (layers, network) => layers.indices.some((index) => holds(network.layers[index]!));
}

/** Rules whose every field a later one sets again, resets of nothing, and rules for layers that they cannot work on. */
export const ruleShouldHaveEffect: Check = {
  code: 'rule/no-effect',
  severity: 'warning',
  section: 'rules',
  what: 'Every field is set again later, there is nothing to reset, or the rule matches nothing that its block works on.',
  why: 'It changes nothing.',
  fix: 'Remove it, or move it below the rules that cover it.',
  example: 'quantize {\n  layers op Gemm { weights int4 }\n  layers last { weights int8 }\n}',
  needs: 'model',
  *remarks({ rules, prune, train, network, definitions }) {
    if (!network || network.layers.length === 0) return;
    if (prune) yield* judge(prune, definitions.prune?.items ?? [], pruning, network);
    if (rules) yield* judge(rules, definitions.quantize?.items ?? [], quantizing, network);
    if (train) yield* judge(train, definitions.train?.items ?? [], training, network);
  },
};

function* judge(outcome: RuleOutcome, items: readonly AstNode[], reach: Reach, network: Network): Iterable<Remark> {
  const locked = new Set(outcome.lockedOut.map((met) => met.statement));
  // A statement that a lock held off has been told so.
  const isIdle = (node: AstNode) => outcome.setting.has(node) && !outcome.effective.has(node) && !locked.has(node);
  for (const item of items) {
    if (!isRule(item) && isStatement(item) && isIdle(item)) yield withoutEffect(item);
  }
  for (const { rule, layers } of outcome.matches) {
    if (layers.size === 0) continue;
    if (!rule.keep && !reach.reaches(layers, network)) {
      const operators = [...new Set([...layers].map((index) => network.layers[index]!.op))].slice(0, 4).join(', ');
      yield {
        what: `${reach.what}: ${plural(layers.size, 'layer')} of ${operators}.`,
        why: reach.why,
        fix: 'Remove the rule, or select other layers.',
        range: rangeOf(selects(rule) ? rule.selector : rule.names[0]),
      };
      continue;
    }
    if (rule.keep && isIdle(rule)) yield withoutEffect(rule);
    for (const statement of rule.items) if (isIdle(statement)) yield withoutEffect(statement);
  }
}

/** A role that could not be read has been told of. */
function isStatement(node: AstNode): node is Statement {
  if (node.$type === 'RoleStatement') return groupsOf((node as RoleStatement).role).length > 0;
  return node.$type === 'BackendStatement' || node.$type === 'PruneStatement' || node.$type === 'TrainStatement';
}

function withoutEffect(node: AstNode): Remark {
  const { reset, format } = node as Partial<RoleStatement>;
  if (reset && !format) {
    return {
      what: 'There is nothing to reset: no rule above this one sets anything here.',
      fix: 'Remove it, or move it below the rules that it is to undo.',
      range: rangeOf(node),
    };
  }
  return {
    what: 'Later rules set all of this again: it has no effect.',
    fix: 'Remove it, or move it below them.',
    range: rangeOf(node),
  };
}
