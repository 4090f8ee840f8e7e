import type { TextRange } from '../../engine/findings.ts';
import type { BackendStatement, LayerRule, LayersRule, RoleStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { type AnyRule, isRule, selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import { selectOnce } from '../selectors/select.ts';
import { float, type Vocabulary } from '../vocabulary.ts';
import { fieldsOfBackend } from './backend.ts';
import type { Quantize } from './definitions.ts';
import { type FieldName, type Fields, type FormatScope, fieldNames, readFields, type Setting } from './fields.ts';
import { Runs, type Saying, type SlotEvent, type SlotLockedOut, Slots } from './slots.ts';

/** What a statement can speak of; `activations` is inputs and outputs together. */
export const roleGroups = ['weights', 'bias', 'inputs', 'outputs'] as const;
export type RoleGroup = (typeof roleGroups)[number];

export type Rule = LayersRule | LayerRule;

/** What can set a field: a statement, a rule that keeps its layers float, a backend. */
export type Statement = RoleStatement | BackendStatement | Rule;

/** The fields of one role of one layer, and the statement that set each of them. */
export interface RoleState {
  readonly fields: PerField<Setting<unknown>>;
  readonly by: PerField<Statement>;
  readonly isFormatLocked: boolean;
}

/** Of one layer. Layers of which everything was decided by the same words share one object, so that what is made of it is made once. */
export type LayerState = Readonly<Record<RoleGroup, RoleState>>;

/** Every field is there from the beginning, so that all states are objects of one shape. */
type PerField<T> = Readonly<Record<FieldName, T | undefined>>;

export interface RuleMatch {
  readonly rule: Rule;
  readonly layers: LayerSet;
}

/** A statement that would have set a field which an earlier one locked. */
export interface LockedOut extends Omit<SlotLockedOut<Statement>, 'slot'> {
  readonly role: RoleGroup;
  readonly field: FieldName;
}

export interface RuleResolution {
  /** By layer index. */
  readonly states: readonly LayerState[];
  readonly matches: readonly RuleMatch[];
  readonly lockedOut: readonly LockedOut[];
  /** Statements that set or reset a field somewhere. */
  readonly setting: ReadonlySet<Statement>;
  /** Those of them that set one which nothing later set again, or put one back. */
  readonly effective: ReadonlySet<Statement>;
}

/** One field of one role of one layer that a statement sets or resets, or would if it were not locked. */
export interface FieldEvent extends Omit<SlotEvent<Statement>, 'slot'> {
  readonly role: RoleGroup;
  readonly field: FieldName;
}

const slotsPerLayer = roleGroups.length * fieldNames.length;
/** Where a field of a role lies among those of a layer. */
const slotOf = (role: RoleGroup, field: FieldName) =>
  roleGroups.indexOf(role) * fieldNames.length + fieldNames.indexOf(field);
const placeOf = (slot: number) => ({
  role: roleGroups[Math.floor(slot / fieldNames.length)]!,
  field: fieldNames[slot % fieldNames.length]!,
});

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
  const count = network.layers.length;
  const matches: RuleMatch[] = [];
  const slots = new Slots<Statement>(
    count,
    slotsPerLayer,
    tell && (({ slot, ...event }) => tell({ ...event, ...placeOf(slot) })),
  );
  for (const item of block?.items ?? []) {
    if (item.$type === 'RoleStatement' || item.$type === 'BackendStatement') {
      for (const change of changesOf(item, scope, vocabulary)) slots.sayOfAll(sayingOf(item, change));
    } else if (item.$type === 'LayersRule' || item.$type === 'LayerRule') {
      const layers = layersOf(item, network);
      matches.push({ rule: item, layers });
      if (item.keep) slots.say(sayingOf(item, keepFloat(item)), layers);
      for (const statement of item.items) {
        slots.say(sayingOf(statement, changeOf(statement, scope, vocabulary)), layers);
      }
    }
  }
  return {
    states: withInherited(statesOf(slots), network),
    matches,
    lockedOut: slots.lockedOut.map(({ slot, ...met }) => ({ ...met, ...placeOf(slot) })),
    setting: slots.setting,
    effective: slots.effective(),
  };
}

function sayingOf<N extends Statement>(node: N, change: Change): Saying<N> {
  const { roles, fields, lock, locksAll } = change;
  const every = (isMeant: (field: FieldName) => boolean) =>
    roles.flatMap((role) => fieldNames.filter(isMeant).map((field) => slotOf(role, field)));
  return {
    node,
    sets: roles.flatMap((role) =>
      fieldNames.flatMap((field) => (fields[field] ? [[slotOf(role, field), fields[field]] as const] : [])),
    ),
    // Fields that the statement itself sets are left to it.
    resets: change.reset ? every((field) => !fields[field]) : [],
    lock: lock && { at: lock, slots: locksAll ? every(() => true) : [] },
  };
}

/** The states of all layers: one object for all of which the same was said, made of one for all roles of which it was. */
function statesOf(slots: Slots<Statement>): readonly LayerState[] {
  const layers = new Runs(slots, slotsPerLayer, slots.layers);
  const roles = new Runs(slots, fieldNames.length, roleGroups.length * slots.layers);
  const ofRoles: RoleState[] = [];
  const ofLayers: LayerState[] = [];
  const roleAt = (from: number): RoleState => {
    const number = roles.numberOf(from);
    ofRoles[number] ??= roleStateAt(slots, from);
    return ofRoles[number];
  };
  return Array.from({ length: slots.layers }, (_, layer) => {
    const from = layer * slotsPerLayer;
    const number = layers.numberOf(from);
    ofLayers[number] ??= {
      weights: roleAt(from + slotOf('weights', 'format')),
      bias: roleAt(from + slotOf('bias', 'format')),
      inputs: roleAt(from + slotOf('inputs', 'format')),
      outputs: roleAt(from + slotOf('outputs', 'format')),
    };
    return ofLayers[number];
  });
}

/**
 * A layer that pruning puts in front of one has what that one has, and leaves what that one reads; a rule that names it itself says
 * otherwise, wherever it stands.
 */
function withInherited(states: readonly LayerState[], { added }: Network): readonly LayerState[] {
  if (!added) return states;
  const all = [...states];
  for (const [index, before] of added.before) {
    const [own, { weights, bias, inputs }] = [states[index]!, states[before]!];
    all[index] = {
      weights: inherited(own.weights, weights),
      bias: inherited(own.bias, bias),
      inputs: inherited(own.inputs, inputs),
      outputs: inherited(own.outputs, inputs),
    };
  }
  return all;
}

function inherited(own: RoleState, from: RoleState): RoleState {
  const isOwn = (field: FieldName) => own.by[field] !== undefined && isOfRule(own.by[field]);
  return {
    fields: perField((field) => (isOwn(field) ? own : from).fields[field]),
    by: perField((field) => (isOwn(field) ? own : from).by[field]),
    isFormatLocked: own.isFormatLocked || (from.isFormatLocked && !isOwn('format')),
  };
}

/** Not a statement about all layers. */
function isOfRule(statement: Statement): boolean {
  return isRule(statement) || isRule(statement.$container);
}

function roleStateAt(slots: Slots<Statement>, from: number): RoleState {
  const word = (field: FieldName) => slots.words[slots.said[from + fieldNames.indexOf(field)]!];
  return {
    fields: perField((field) => word(field)?.setting),
    by: perField((field) => word(field)?.by),
    isFormatLocked: slots.isLocked(from + fieldNames.indexOf('format')),
  };
}

function perField<T>(pick: (field: FieldName) => T | undefined): PerField<T> {
  return {
    format: pick('format'),
    scheme: pick('scheme'),
    granularity: pick('granularity'),
    scale: pick('scale'),
    codes: pick('codes'),
    observer: pick('observer'),
    method: pick('method'),
  };
}

export function layersOf(rule: AnyRule, network: Network): LayerSet {
  if (selects(rule)) return selectOnce(rule.selector, rule.predicate, network);
  const named = rule.names.map((name) => network.indexOf.get(textValue(name)));
  return LayerSet.of(
    network.layers.length,
    named.filter((index) => index !== undefined),
  );
}

export interface Change {
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

/** What a statement about all layers changes, role by role. */
export function changesOf(
  statement: RoleStatement | BackendStatement,
  scope: FormatScope,
  vocabulary: Vocabulary,
): readonly Change[] {
  if (statement.$type === 'RoleStatement') return [changeOf(statement, scope, vocabulary)];
  const { weights, activations } = fieldsOfBackend(statement);
  const plain = { lock: undefined, locksAll: false, reset: false };
  return [
    { roles: ['weights'], fields: weights, ...plain },
    { roles: ['inputs', 'outputs'], fields: activations, ...plain },
  ];
}

/** The roles of which a statement of the block, or any statement of a rule, sets a field. */
export function rolesSetBy(item: Statement, scope: FormatScope, vocabulary: Vocabulary): Set<RoleGroup> {
  const changes =
    item.$type === 'RoleStatement' || item.$type === 'BackendStatement'
      ? changesOf(item, scope, vocabulary)
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
