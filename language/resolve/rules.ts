import type { TextRange } from '../../engine/findings.ts';
import type { LayerRule, LayersRule, RoleStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { type AnyRule, selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import type { LayerSet, Network } from '../selectors/network.ts';
import { selectOnce } from '../selectors/select.ts';
import { float, type Vocabulary } from '../vocabulary.ts';
import type { Quantize } from './definitions.ts';
import { type FieldName, type Fields, type FormatScope, fieldNames, readFields, type Setting } from './fields.ts';

/** What a statement can speak of; `activations` is inputs and outputs together. */
export const roleGroups = ['weights', 'bias', 'inputs', 'outputs'] as const;
export type RoleGroup = (typeof roleGroups)[number];

export type Rule = LayersRule | LayerRule;

/** The fields of one role of one layer, the statement that set each of them, and who locked them. */
export interface RoleState {
  readonly fields: PerField<Setting<unknown>>;
  readonly by: PerField<RoleStatement | Rule>;
  readonly locks: PerField<TextRange>;
}

/** Every field is there from the beginning, so that ten thousand layers are objects of one shape. */
type PerField<T> = Record<FieldName, T | undefined>;

export interface RuleMatch {
  readonly rule: Rule;
  readonly layers: LayerSet;
}

/** A statement that would have set a field which an earlier one locked. */
export interface LockedOut {
  readonly statement: RoleStatement | Rule;
  readonly layer: number;
  readonly role: RoleGroup;
  readonly field: FieldName;
  readonly lockedAt: TextRange;
  /** The statement locks the field too, to another value. */
  readonly conflict: boolean;
}

export interface RuleResolution {
  /** By layer index, then role. */
  readonly states: readonly Readonly<Record<RoleGroup, RoleState>>[];
  readonly matches: readonly RuleMatch[];
  readonly lockedOut: readonly LockedOut[];
  /** Statements that set or reset a field somewhere. */
  readonly setting: ReadonlySet<RoleStatement | Rule>;
  /** Those of them that set one which nothing later set again, or put one back. */
  readonly effective: ReadonlySet<RoleStatement | Rule>;
}

type MutableState = { -readonly [K in keyof RoleState]: RoleState[K] };

/** What the block's own statements say of a role of every layer: where `reset` leads back to. */
type Base = Record<RoleGroup, Pick<MutableState, 'fields' | 'by'>>;

/** One field of one role of one layer that a statement sets or resets, or would if it were not locked. */
export interface FieldEvent {
  readonly statement: RoleStatement | Rule;
  readonly layer: number;
  readonly role: RoleGroup;
  readonly field: FieldName;
  /** Absent where a reset leaves the field to its default. */
  readonly setting?: Setting<unknown>;
  /** Of a reset: the statement of the block whose word counts again, if one has said anything. */
  readonly resetTo?: RoleStatement | Rule | null;
  /** Absent: the field is set. */
  readonly lockedAt?: TextRange;
}

/** Locks are told of one by one up to this number; a spec that has more has one fault many times. */
const mostLockedOut = 10_000;

/**
 * Applies the statements of a `quantize` block to a model's layers in order: a later one wins, field by field, unless the field
 * is locked. `tell` hears of every field in turn.
 */
export function resolveRules(
  block: Quantize | undefined,
  network: Network,
  scope: FormatScope,
  vocabulary: Vocabulary,
  tell?: (event: FieldEvent) => void,
): RuleResolution {
  const states = network.layers.map(emptyStates);
  const matches: RuleMatch[] = [];
  const lockedOut: LockedOut[] = [];
  const setting = new Set<RoleStatement | Rule>();
  const resetting = new Set<RoleStatement | Rule>();
  const everything: LayerSet = new Set(network.layers.keys());
  const base: Base = emptyStates();

  /** Puts what rules have set back to the base; fields that the statement itself sets are left to it. */
  const reset = (statement: RoleStatement | Rule, { roles, fields }: Change, layers: LayerSet) => {
    for (const layer of layers) {
      for (const role of roles) {
        const state = states[layer]![role];
        for (const field of fieldNames) {
          const original = base[role].fields[field];
          const by = base[role].by[field];
          if (fields[field] || state.by[field] === by) continue;
          const locked = state.locks[field];
          tell?.({
            ...{ statement, layer, role, field, resetTo: by ?? null },
            ...(original && { setting: original }),
            ...(locked && { lockedAt: locked }),
          });
          if (!locked) {
            state.fields[field] = original;
            state.by[field] = by;
            resetting.add(statement);
          } else if (!sameValue(original?.value, state.fields[field]?.value) && lockedOut.length < mostLockedOut) {
            lockedOut.push({ statement, layer, role, field, lockedAt: locked, conflict: false });
          }
        }
      }
    }
  };

  const apply = (statement: RoleStatement | Rule, change: Change, layers: LayerSet) => {
    if (layers.size > 0 && (change.reset || Object.keys(change.fields).length > 0)) setting.add(statement);
    if (change.reset) reset(statement, change, layers);
    const touched = fieldNames.filter((field) => change.fields[field] || (change.lock && change.locksAll));
    for (const layer of layers) {
      for (const role of change.roles) {
        const state = states[layer]![role];
        for (const field of touched) {
          const own = change.fields[field];
          const locked = state.locks[field];
          if (own && tell) {
            tell({ statement, layer, role, field, setting: own, ...(locked && { lockedAt: locked }) });
          }
          if (own && locked) {
            const differs = !sameValue(own.value, state.fields[field]?.value);
            if (differs && lockedOut.length < mostLockedOut) {
              lockedOut.push({ statement, layer, role, field, lockedAt: locked, conflict: change.lock !== undefined });
            }
          } else if (own) {
            state.fields[field] = own;
            state.by[field] = statement;
          }
          if (change.lock && !locked && (own || change.locksAll)) state.locks[field] = change.lock;
        }
      }
    }
  };

  for (const item of block?.items ?? []) {
    if (item.$type === 'RoleStatement') {
      const change = changeOf(item, scope, vocabulary);
      apply(item, change, everything);
      for (const role of change.roles) {
        for (const field of fieldNames) {
          if (change.fields[field]) {
            base[role].fields[field] = change.fields[field];
            base[role].by[field] = item;
          }
        }
      }
    } else if (item.$type === 'LayersRule' || item.$type === 'LayerRule') {
      const layers = layersOf(item, network);
      matches.push({ rule: item, layers });
      if (item.keep) apply(item, keepFloat(item), layers);
      for (const statement of item.items) apply(statement, changeOf(statement, scope, vocabulary), layers);
    }
  }

  const effective = new Set<RoleStatement | Rule>(resetting);
  for (const layer of states) {
    for (const role of roleGroups) {
      const { by } = layer[role];
      for (const field of fieldNames) if (by[field]) effective.add(by[field]);
    }
  }
  return { states, matches, lockedOut, setting, effective };
}

export function layersOf(rule: AnyRule, network: Network): LayerSet {
  if (selects(rule)) return selectOnce(rule.selector, rule.predicate, network);
  const found = new Set<number>();
  for (const name of rule.names) {
    const index = network.indexOf.get(textValue(name));
    if (index !== undefined) found.add(index);
  }
  return found;
}

interface Change {
  readonly roles: readonly RoleGroup[];
  readonly fields: Fields;
  readonly lock: TextRange | undefined;
  readonly locksAll: boolean;
  readonly reset: boolean;
}

function changeOf(statement: RoleStatement, scope: FormatScope, vocabulary: Vocabulary): Change {
  return {
    roles: groupsOf(statement.role),
    fields: readFields(statement.format, scope, vocabulary),
    lock: statement.lock ? rangeOf(statement) : undefined,
    locksAll: statement.format === undefined,
    reset: statement.reset,
  };
}

/** The roles of which a statement of the block, or any statement of a rule, sets a field. */
export function rolesSetBy(item: RoleStatement | Rule, scope: FormatScope, vocabulary: Vocabulary): Set<RoleGroup> {
  const changes =
    item.$type === 'RoleStatement'
      ? [changeOf(item, scope, vocabulary)]
      : [...(item.keep ? [keepFloat(item)] : []), ...item.items.map((each) => changeOf(each, scope, vocabulary))];
  return new Set(changes.flatMap(({ roles, fields }) => (Object.keys(fields).length > 0 ? roles : [])));
}

function keepFloat(rule: Rule): Change {
  const format = { value: float, range: rangeOfProperty(rule, 'keep') };
  return { roles: roleGroups, fields: { format }, lock: undefined, locksAll: false, reset: false };
}

export function groupsOf(role: string | undefined): readonly RoleGroup[] {
  if (role === 'activations') return ['inputs', 'outputs'];
  if (role === 'all') return roleGroups;
  const group = roleGroups.find((known) => known === role);
  return group ? [group] : [];
}

function emptyStates(): Record<RoleGroup, MutableState> {
  const none = <T>(): PerField<T> => {
    return { format: undefined, scheme: undefined, granularity: undefined, observer: undefined, method: undefined };
  };
  const empty = (): MutableState => ({ fields: none(), locks: none(), by: none() });
  return { weights: empty(), bias: empty(), inputs: empty(), outputs: empty() };
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
