import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import type { Choice, LayerTraining, PruneAmount, PruneChoice, Role } from '../../engine/plan.ts';
import type { CheckedSpec } from '../context.ts';
import { headOf, onOneLine } from '../grammar/heads.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { isRule } from '../grammar/rules.ts';
import { blockNumber, fileNetwork } from '../selectors/network.ts';
import { type FieldName, type Setting, valueText } from './fields.ts';
import { planOf } from './plan.ts';
import { amountText, type dense, type PruneField, prunePlanOf, resolvePrune } from './prune.ts';
import { type RoleGroup, resolveRules } from './rules.ts';
import { resolveTrain, type TrainField, trainingPlanOf } from './train.ts';

export type ExplainedField = FieldName | PruneField | TrainField;

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
  /** Of formats the role; `prune` or `train` of what those blocks say. */
  readonly role: RoleGroup | 'prune' | 'train';
  readonly field: ExplainedField;
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
  /** What is taken out of its weights; absent: nothing. */
  readonly prune?: PruneChoice;
  /** What it has of its own when it is trained. */
  readonly train?: LayerTraining;
  /** What the layer gets in the end; empty where it stays float. */
  readonly choices: Readonly<Partial<Record<Role, Choice>>>;
}

/** Which statements speak of a layer, and which of them decides each field. Undefined without model, a block of rules or that layer. */
export function explainLayer(spec: CheckedSpec, layer: string): Explanation | undefined {
  const { definitions, network, rules, prune, train, vocabulary, absolute } = spec;
  const { quantize } = definitions;
  const index = network?.indexOf.get(layer);
  if (!(quantize || prune || train) || !network || !rules || index === undefined) return undefined;
  const events: Event[] = [];
  if (definitions.prune) {
    resolvePrune(definitions.prune.items, fileNetwork(network), vocabulary, (event) => {
      if (event.layer === index) events.push({ ...event, role: 'prune', field: event.field as PruneField });
    });
  }
  resolveRules(quantize, network, definitions.formats, vocabulary, (event) => {
    if (event.layer === index) events.push(event);
  });
  if (definitions.train) {
    resolveTrain(definitions.train.items, fileNetwork(network), (event) => {
      if (event.layer === index) events.push({ ...event, role: 'train', field: event.field as TrainField });
    });
  }
  const pruned = prune && prunePlanOf(prune, network, vocabulary).nodes[layer];
  const trained =
    train && trainingPlanOf(definitions.train?.items ?? [], train, network, vocabulary, absolute).nodes[layer];
  const block = blockNumber(index, network);
  return {
    layer,
    ...(block !== undefined && { block }),
    sayings: sayingsOf(events),
    ...(pruned && { prune: pruned }),
    ...(trained && { train: trained }),
    choices: quantize ? (planOf(quantize, rules, network, vocabulary).nodes[layer] ?? {}) : {},
  };
}

interface Event {
  readonly statement: AstNode;
  readonly role: Change['role'];
  readonly field: Change['field'];
  readonly setting?: Setting<unknown>;
  /** Of a reset: the statement whose word counts again, if one has said anything. */
  readonly resetTo?: AstNode | null;
  readonly lockedAt?: TextRange;
}

function sayingsOf(events: readonly Event[]): readonly Saying[] {
  const deciding = new Map<string, Event>();
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
  return statements.map((statement): Saying => {
    const rule = statement.$container;
    return {
      range: rangeOf(statement),
      text: onOneLine(statement.$cstNode?.text),
      ...(rule && isRule(rule) && { rule: headOf(rule).text }),
      changes: events
        .filter((event) => event.statement === statement)
        .map((event) => ({
          role: event.role,
          field: event.field,
          value: event.setting ? settingText(event.field, event.setting.value) : 'default',
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
}

/** A value as the language writes it. */
export function settingText(field: ExplainedField, value: unknown): string {
  return field === 'amount' ? amountText(value as PruneAmount | typeof dense) : valueText(value);
}
