import type { TextRange } from '../../engine/findings.ts';
import type { LayerRule, LayersRule, RoleStatement } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { type AnyRule, selects } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import { selectOnce } from '../selectors/select.ts';
import { float, type Vocabulary } from '../vocabulary.ts';
import type { Quantize } from './definitions.ts';
import { type FieldName, type Fields, type FormatScope, fieldNames, readFields, type Setting } from './fields.ts';

/** What a statement can speak of; `activations` is inputs and outputs together. */
export const roleGroups = ['weights', 'bias', 'inputs', 'outputs'] as const;
export type RoleGroup = (typeof roleGroups)[number];

export type Rule = LayersRule | LayerRule;

/** The fields of one role of one layer, and the statement that set each of them. */
export interface RoleState {
  readonly fields: PerField<Setting<unknown>>;
  readonly by: PerField<RoleStatement | Rule>;
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
  /** By layer index. */
  readonly states: readonly LayerState[];
  readonly matches: readonly RuleMatch[];
  readonly lockedOut: readonly LockedOut[];
  /** Statements that set or reset a field somewhere. */
  readonly setting: ReadonlySet<RoleStatement | Rule>;
  /** Those of them that set one which nothing later set again, or put one back. */
  readonly effective: ReadonlySet<RoleStatement | Rule>;
}

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

const slotsPerLayer = roleGroups.length * fieldNames.length;
/** Where a field of a role lies among those of a layer. */
const slotOf = (role: RoleGroup, field: FieldName) =>
  roleGroups.indexOf(role) * fieldNames.length + fieldNames.indexOf(field);

/** What a statement says of a field. */
interface Word {
  readonly setting: Setting<unknown>;
  readonly by: RoleStatement | Rule;
}

/**
 * Applies the statements of a `quantize` block to a model's layers in order: a later one wins, field by field, unless the field
 * is locked. `tell` hears of every field in turn.
 *
 * Runs at every keystroke, over as many layers as the model has for every rule: what is said of a field is a number in one
 * array, and only in the end are the few different outcomes made into objects.
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
  const lockedOut: LockedOut[] = [];
  const setting = new Set<RoleStatement | Rule>();
  const resetting = new Set<RoleStatement | Rule>();
  const everything = LayerSet.all(count);
  /** What has been said, by number; 0 is nothing. */
  const words: (Word | undefined)[] = [undefined];
  const locks: (TextRange | undefined)[] = [undefined];
  /** By layer, then slot: the number of the word in force, and of the lock on it (while nothing is locked: nothing). */
  const said = new Uint32Array(count * slotsPerLayer);
  let locked: Uint32Array | undefined;
  const lockAt = (at: number) => locks[locked?.[at] ?? 0];
  /** By slot, what the block's own statements say of every layer: where `reset` leads back to. */
  const base = new Uint32Array(slotsPerLayer);

  const refuse = (
    statement: RoleStatement | Rule,
    [layer, role, field]: readonly [number, RoleGroup, FieldName],
    {
      own,
      at,
      conflict,
    }: { readonly own: Setting<unknown> | undefined; readonly at: number; readonly conflict: boolean },
  ) => {
    if (lockedOut.length >= mostLockedOut || sameValue(own?.value, words[said[at]!]?.setting.value)) return;
    lockedOut.push({ statement, layer, role, field, lockedAt: lockAt(at)!, conflict });
  };

  /** Puts what rules have set back to the base; fields that the statement itself sets are left to it. */
  const reset = (statement: RoleStatement | Rule, { roles, fields }: Change, layers: LayerSet) => {
    for (const role of roles) {
      for (const field of fieldNames) {
        if (fields[field]) continue;
        const slot = slotOf(role, field);
        const original = words[base[slot]!];
        for (const layer of layers.indices) {
          const at = layer * slotsPerLayer + slot;
          if (said[at] === base[slot]) continue;
          tell?.({
            ...{ statement, layer, role, field, resetTo: original?.by ?? null },
            ...(original && { setting: original.setting }),
            ...(lockAt(at) && { lockedAt: lockAt(at)! }),
          });
          if (lockAt(at)) {
            refuse(statement, [layer, role, field], { own: original?.setting, at, conflict: false });
          } else {
            said[at] = base[slot]!;
            resetting.add(statement);
          }
        }
      }
    }
  };

  const apply = (statement: RoleStatement | Rule, change: Change, layers: LayerSet, ofBlock = false) => {
    if (layers.size > 0 && (change.reset || Object.keys(change.fields).length > 0)) setting.add(statement);
    if (change.reset) reset(statement, change, layers);
    const lock = change.lock ? locks.push(change.lock) - 1 : 0;
    for (const role of change.roles) {
      for (const field of fieldNames) {
        const own = change.fields[field];
        if (!own && !(lock !== 0 && change.locksAll)) continue;
        const word = own ? words.push({ setting: own, by: statement }) - 1 : 0;
        const slot = slotOf(role, field);
        if (own && ofBlock) base[slot] = word;
        const { indices } = layers;
        if (own && tell) {
          for (const layer of indices) {
            const lockedAt = lockAt(layer * slotsPerLayer + slot);
            tell({ statement, layer, role, field, setting: own, ...(lockedAt && { lockedAt }) });
          }
        }
        if (lock === 0 && !locked) {
          for (let i = 0; i < indices.length; i++) said[indices[i]! * slotsPerLayer + slot] = word;
          continue;
        }
        locked ??= new Uint32Array(said.length);
        for (const layer of indices) {
          const at = layer * slotsPerLayer + slot;
          if (locked[at] === 0) {
            if (own) said[at] = word;
            locked[at] = lock;
          } else if (own) {
            refuse(statement, [layer, role, field], { own, at, conflict: lock !== 0 });
          }
        }
      }
    }
  };

  for (const item of block?.items ?? []) {
    if (item.$type === 'RoleStatement') {
      apply(item, changeOf(item, scope, vocabulary), everything, true);
    } else if (item.$type === 'LayersRule' || item.$type === 'LayerRule') {
      const layers = layersOf(item, network);
      matches.push({ rule: item, layers });
      if (item.keep) apply(item, keepFloat(item), layers);
      for (const statement of item.items) apply(statement, changeOf(statement, scope, vocabulary), layers);
    }
  }

  const states = statesOf({ said, locked, words }, count);
  const inForce = new Uint8Array(words.length);
  for (let at = 0; at < said.length; at++) inForce[said[at]!] = 1;
  const effective = new Set<RoleStatement | Rule>(resetting);
  for (const [number, word] of words.entries()) if (word && inForce[number] === 1) effective.add(word.by);
  return { states, matches, lockedOut, setting, effective };
}

interface Outcome {
  /** By layer, then slot; see `resolveRules`. */
  readonly said: Uint32Array;
  readonly locked: Uint32Array | undefined;
  readonly words: readonly (Word | undefined)[];
}

/** The states of all layers: one object for all of which the same was said, made of one for all roles of which it was. */
function statesOf(outcome: Outcome, count: number): readonly LayerState[] {
  const layers = new Runs(outcome, slotsPerLayer, count);
  const roles = new Runs(outcome, fieldNames.length, 4 * count);
  const ofRoles: RoleState[] = [];
  const ofLayers: LayerState[] = [];
  const roleAt = (from: number): RoleState => {
    const number = roles.numberOf(from);
    ofRoles[number] ??= roleStateAt(outcome, from);
    return ofRoles[number];
  };
  return Array.from({ length: count }, (_, layer) => {
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

/** Numbers runs of words, equal ones alike: a hash table with open addressing, so that no key is made of a run whose like is known. */
class Runs {
  readonly #outcome: Outcome;
  readonly #length: number;
  readonly #places: Int32Array;
  readonly #exemplars: number[] = [];

  constructor(outcome: Outcome, length: number, most: number) {
    this.#outcome = outcome;
    this.#length = length;
    this.#places = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, 2 * most)))).fill(-1);
  }

  numberOf(from: number): number {
    const { said } = this.#outcome;
    let hash = 0;
    for (let i = 0; i < this.#length; i++) hash = Math.imul(hash ^ said[from + i]!, 0x9e3779b1);
    let place = (hash ^ (hash >>> 15)) & (this.#places.length - 1);
    for (;;) {
      const number = this.#places[place]!;
      if (number < 0) break;
      if (this.#areAlike(this.#exemplars[number]!, from)) return number;
      place = (place + 1) & (this.#places.length - 1);
    }
    this.#places[place] = this.#exemplars.push(from) - 1;
    return this.#exemplars.length - 1;
  }

  #areAlike(a: number, b: number): boolean {
    const { said, locked } = this.#outcome;
    for (let i = 0; i < this.#length; i++) {
      if (said[a + i] !== said[b + i]) return false;
      if (locked && (locked[a + i] === 0) !== (locked[b + i] === 0)) return false;
    }
    return true;
  }
}

function roleStateAt({ said, locked, words }: Outcome, from: number): RoleState {
  const word = (field: FieldName) => words[said[from + fieldNames.indexOf(field)]!];
  return {
    fields: perField((field) => word(field)?.setting),
    by: perField((field) => word(field)?.by),
    isFormatLocked: (locked?.[from + fieldNames.indexOf('format')] ?? 0) !== 0,
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

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
