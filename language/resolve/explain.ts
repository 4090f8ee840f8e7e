import type { TextRange } from '../../engine/findings.ts';
import type { Choice, Role } from '../../engine/plan.ts';
import type { CheckedSpec } from '../context.ts';
import { headOf, onOneLine } from '../grammar/heads.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { blockNumber } from '../selectors/network.ts';
import { type FieldName, valueText } from './fields.ts';
import { planOf } from './plan.ts';
import { type FieldEvent, type RoleGroup, resolveRules } from './rules.ts';

/** One statement that has something to say of a layer. */
export interface Saying {
  readonly range: TextRange;
  /** The statement as written, on one line. */
  readonly text: string;
  /** Head of the rule that it stands in; absent for statements about all layers. */
  readonly rule?: string;
  readonly changes: readonly Change[];
}

export interface Change {
  readonly role: RoleGroup;
  readonly field: FieldName;
  readonly value: string;
  /**
   * `decides`: the value in force. `overridden`: set again later. `locked-out`: an earlier lock forbids it. `resets`: put back
   * to what the block says, or to the default.
   */
  readonly outcome: 'decides' | 'overridden' | 'locked-out' | 'resets';
  /** Of `locked-out`: the lock. */
  readonly lockedAt?: TextRange;
}

export interface Explanation {
  readonly layer: string;
  /** Number of the block that it is part of, as `block N` selects it. */
  readonly block?: number;
  /** In the order of the file. */
  readonly sayings: readonly Saying[];
  /** What the layer gets in the end; empty where it stays float. */
  readonly choices: Readonly<Partial<Record<Role, Choice>>>;
}

/** Which statements speak of a layer, and which of them decides each field. Undefined without model, `quantize` or that layer. */
export function explainLayer(spec: CheckedSpec, layer: string): Explanation | undefined {
  const { definitions, network, rules, vocabulary } = spec;
  const index = network?.indexOf.get(layer);
  if (!definitions.quantize || !network || !rules || index === undefined) return undefined;
  const events: FieldEvent[] = [];
  resolveRules(definitions.quantize, network, definitions.formats, vocabulary, (event) => {
    if (event.layer === index) events.push(event);
  });
  const deciding = new Map<string, FieldEvent>();
  for (const [i, event] of events.entries()) {
    if (event.lockedAt) continue;
    const { role, field, resetTo } = event;
    const decider =
      resetTo === undefined
        ? event
        : events.findLast((own, j) => j < i && own.statement === resetTo && own.role === role && own.field === field);
    if (decider) deciding.set(`${role} ${field}`, decider);
    else deciding.delete(`${role} ${field}`);
  }

  const statements = [...new Set(events.map(({ statement }) => statement))];
  const sayings = statements.map((statement): Saying => {
    const own = events.filter((event) => event.statement === statement);
    const rule = statement.$container;
    return {
      range: rangeOf(statement),
      text: onOneLine(statement.$cstNode?.text),
      ...(rule.$type === 'QuantizeBlock' ? {} : { rule: headOf(rule).text }),
      changes: own.map((event) => ({
        role: event.role,
        field: event.field,
        value: event.setting ? valueText(event.setting.value) : 'default',
        outcome: event.lockedAt
          ? 'locked-out'
          : event.resetTo !== undefined
            ? 'resets'
            : deciding.get(`${event.role} ${event.field}`) === event
              ? 'decides'
              : 'overridden',
        ...(event.lockedAt && { lockedAt: event.lockedAt }),
      })),
    };
  });
  const block = blockNumber(index, network);
  return {
    layer,
    ...(block !== undefined && { block }),
    sayings,
    choices: planOf(definitions.quantize, rules, network, vocabulary).nodes[layer] ?? {},
  };
}
