import type { AstNode } from 'langium';
import type { CheckedSpec } from '../context.ts';
import { type AnyRule, isRule, setsFormats } from '../grammar/rules.ts';
import type { ExplainedField } from '../resolve/explain.ts';
import { type FieldName, fieldNames, valueText } from '../resolve/fields.ts';
import {
  type Change,
  changesOf,
  groupsOf,
  type RoleGroup,
  type Rule,
  roleGroups,
  type Statement,
} from '../resolve/rules.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import { float } from '../vocabulary.ts';
import { fieldOverridesOf } from './field-owners.ts';
import { plannedOf } from './planned.ts';

/** What stands in the block: a statement about all layers, or a rule. */
type Item = Statement;
type Stated = Exclude<Statement, Rule>;

/** What one statement of a block takes from another: a field, of `quantize` one of a role, in some layers. */
export interface Override {
  /** The statement or rule on the other side. */
  readonly item: AstNode;
  readonly role?: RoleGroup | 'activations';
  readonly field: ExplainedField;
  /** Values as the language writes them. */
  readonly before: string;
  readonly after: string;
  readonly layers: number;
}

/** What a rule sets otherwise than statements before it did, and what statements after it set otherwise than it does. */
export interface Overrides {
  readonly taken: readonly Override[];
  readonly lost: readonly Override[];
}

export function overridesOf(rule: AnyRule, spec: CheckedSpec): Overrides {
  return setsFormats(rule) ? formatOverridesOf(rule, spec) : fieldOverridesOf(rule, spec);
}

function formatOverridesOf(rule: Rule, spec: CheckedSpec): Overrides {
  const block = new Block(spec);
  const position = block.items.indexOf(rule);
  const layers = block.layersOf(rule);
  if (position < 0 || !layers) return { taken: [], lost: [] };
  const taken: Override[] = [];
  const lost: Override[] = [];
  for (const { role, field, value } of block.sayingsOf(rule)) {
    const own = block.reached(rule, block.having(role, layers), role, field);
    for (const { item, value: before, count } of block.owners(position, role, field, own)) {
      if (before !== value) taken.push({ item, role, field, before, after: value, layers: count });
    }
    for (const { item, value: after, count } of block.owners(block.items.length, role, field, own)) {
      if (block.items.indexOf(item) > position && after !== value)
        lost.push({ item, role, field, before: value, after, layers: count });
    }
  }
  return { taken: withActivations(taken), lost: withActivations(lost) };
}

interface Saying {
  readonly role: RoleGroup;
  readonly field: FieldName;
  readonly value: string;
}

interface Owner {
  readonly item: Item;
  readonly value: string;
  readonly count: number;
}

/** The statements of the block in order, asked from a point backwards: which of them last set a field. */
class Block {
  readonly items: readonly Item[];
  readonly #spec: CheckedSpec;
  readonly #matched: ReadonlyMap<Item, LayerSet>;
  readonly #read = new Map<Stated, readonly Change[]>();
  /** `statement → layers role field`, where a lock kept a statement out. */
  readonly #locked = new Map<Item, Set<string>>();

  constructor(spec: CheckedSpec) {
    this.#spec = spec;
    this.items = (spec.definitions.quantize?.items ?? []).filter((item) => item.$type !== 'ArithmeticStatement');
    this.#matched = new Map(spec.rules?.matches.map(({ rule, layers }) => [rule, layers]));
    for (const { statement, layer, role, field } of spec.rules?.lockedOut ?? []) {
      const item = itemOf(statement);
      const known = this.#locked.get(item) ?? new Set();
      this.#locked.set(item, known.add(`${layer} ${role} ${field}`));
    }
  }

  layersOf(rule: Rule): LayerSet | undefined {
    return this.#matched.get(rule);
  }

  /** Those of the layers that have the role. */
  having(role: RoleGroup, layers: LayerSet): LayerSet {
    const { network } = this.#spec;
    const plan = plannedOf(this.#spec)?.plan;
    return layers.filter((index) => plan?.nodes[network!.layers[index]!.name]?.[firstOf[role]] !== undefined);
  }

  sayingsOf(item: Item): readonly Saying[] {
    const found = new Map<string, Saying>();
    const say = (role: RoleGroup, field: FieldName, value: string) =>
      found.set(`${role} ${field}`, { role, field, value });
    if (isRule(item) && item.keep) for (const role of roleGroups) say(role, 'format', float);
    for (const statement of statementsOf(item)) {
      for (const { roles, fields } of this.#changesOf(statement)) {
        for (const field of fieldNames) {
          const setting = fields[field];
          if (setting) for (const role of roles) say(role, field, valueText(setting.value));
        }
      }
    }
    return [...found.values()];
  }

  /** Who of the statements before `end` decides a field of the layers at that point. */
  owners(end: number, role: RoleGroup, field: FieldName, layers: LayerSet): readonly Owner[] {
    const owners: Owner[] = [];
    let rest = layers;
    for (let i = end - 1; i >= 0 && rest.size > 0; i--) {
      const item = this.items[i]!;
      const value = this.#valueOf(item, role, field);
      if (value === undefined && !resets(item, role)) continue;
      const reached = this.reached(item, rest, role, field);
      rest = rest.difference(reached);
      // A reset leads back to what the block's own statements said up to there.
      const owner = value === undefined ? this.#baseBefore(i, role, field) : { item, value };
      if (owner && reached.size > 0) owners.push({ ...owner, count: reached.size });
    }
    return owners;
  }

  #baseBefore(end: number, role: RoleGroup, field: FieldName): Omit<Owner, 'count'> | undefined {
    for (let i = end - 1; i >= 0; i--) {
      const item = this.items[i]!;
      const value = isRule(item) ? undefined : this.#valueOf(item, role, field);
      if (value !== undefined) return { item, value };
    }
    return undefined;
  }

  #changesOf(statement: Stated): readonly Change[] {
    const { definitions, vocabulary } = this.#spec;
    const changes = this.#read.get(statement) ?? changesOf(statement, definitions.formats, vocabulary);
    this.#read.set(statement, changes);
    return changes;
  }

  #valueOf(item: Item, role: RoleGroup, field: FieldName): string | undefined {
    const setting = statementsOf(item)
      .flatMap((own) => this.#changesOf(own))
      .findLast(({ roles, fields }) => roles.includes(role) && fields[field] !== undefined)?.fields[field];
    if (setting) return valueText(setting.value);
    return isRule(item) && item.keep && field === 'format' ? float : undefined;
  }

  /** Of some layers, those that an item speaks of and is not locked out of. */
  reached(item: Item, layers: LayerSet, role: RoleGroup, field: FieldName): LayerSet {
    const matched = isRule(item) ? this.#matched.get(item)?.intersection(layers) : layers;
    if (!matched) return LayerSet.none(layers.capacity);
    const locked = this.#locked.get(item);
    return locked ? matched.filter((index) => !locked.has(`${index} ${role} ${field}`)) : matched;
  }
}

/** The role of a layer by which it is known to have the group. */
const firstOf = { weights: 'weight', bias: 'bias', inputs: 'input[0]', outputs: 'output[0]' } as const;

function itemOf(statement: Statement): Item {
  const around = statement.$container;
  return around.$type === 'LayersRule' || around.$type === 'LayerRule' ? around : statement;
}

function statementsOf(item: Item): readonly Stated[] {
  return isRule(item) ? item.items : [item];
}

function resets(item: Item, role: RoleGroup): boolean {
  return statementsOf(item).some(
    (own) => own.$type === 'RoleStatement' && own.reset && groupsOf(own.role).includes(role),
  );
}

/** Inputs and outputs of which the same is to be said are activations. */
function withActivations(list: readonly Override[]): readonly Override[] {
  const merged: Override[] = [];
  for (const own of list) {
    const twin = merged.findIndex(
      (other) =>
        own.role === 'outputs' &&
        other.role === 'inputs' &&
        other.item === own.item &&
        other.field === own.field &&
        other.before === own.before &&
        other.after === own.after &&
        other.layers === own.layers,
    );
    if (twin >= 0) merged[twin] = { ...own, role: 'activations' };
    else merged.push(own);
  }
  return merged;
}
