import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import type { AnyRule } from '../grammar/rules.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import type { Setting } from './fields.ts';
import { layersOf } from './rules.ts';

/** What a block of rules came to, as checks judge it: of `quantize`, and of every block whose rules set fields of layers. */
export interface RuleOutcome {
  readonly matches: readonly { readonly rule: AnyRule; readonly layers: LayerSet }[];
  /** Statements that would have set a field which an earlier one locked. */
  readonly lockedOut: readonly {
    readonly statement: AstNode;
    readonly layer: number;
    readonly field: string;
    readonly lockedAt: TextRange;
    /** The statement locks the field too, to another value. */
    readonly conflict: boolean;
  }[];
  /** Statements that set or reset a field somewhere. */
  readonly setting: ReadonlySet<AstNode>;
  /** Those of them that set one which nothing later set again, or put one back. */
  readonly effective: ReadonlySet<AstNode>;
}

/** What one statement says: fields that it sets, and what it does to those set before. */
export interface FieldStatement {
  readonly node: AstNode;
  readonly sets: Readonly<Record<string, Setting<unknown>>>;
  /** It locks what it sets; with `all`, whatever is set so far. */
  readonly lock?: TextRange;
  /** Of a lock: of all fields. Alone: every field goes back to what the block itself says of all layers. */
  readonly all?: boolean;
}

export interface FieldRule {
  readonly rule: AnyRule;
  readonly statements: readonly FieldStatement[];
}

/** One field of a layer that a statement sets or resets, or would if it were not locked. */
export interface LayerFieldEvent {
  readonly statement: AstNode;
  readonly layer: number;
  readonly field: string;
  /** Absent where a reset leaves nothing. */
  readonly setting?: Setting<unknown>;
  /** Of a reset: the statement of the block whose word counts again, if one has said anything. */
  readonly resetTo?: AstNode | null;
  readonly lockedAt?: TextRange;
}

export interface LayerFields<F extends string> extends RuleOutcome {
  /** By layer index. */
  readonly fields: readonly Readonly<Partial<Record<F, Setting<unknown>>>>[];
  /** By layer index, the statement that decided each field. */
  readonly by: readonly Readonly<Partial<Record<F, AstNode>>>[];
}

interface State {
  fields: Record<string, Setting<unknown>>;
  by: Record<string, AstNode>;
  locks: Record<string, TextRange>;
}

/**
 * Applies the statements of a block to a model's layers in order: a later one wins, field by field, unless the field is locked.
 * `tell` hears of every field in turn.
 */
export function resolveLayerFields<F extends string>(
  items: readonly (FieldStatement | FieldRule)[],
  names: readonly F[],
  network: Network,
  tell?: (event: LayerFieldEvent) => void,
): LayerFields<F> {
  const states: State[] = network.layers.map(() => ({ fields: {}, by: {}, locks: {} }));
  const base: Pick<State, 'fields' | 'by'> = { fields: {}, by: {} };
  const everything = LayerSet.all(network.layers.length);
  const matches: { rule: AnyRule; layers: LayerSet }[] = [];
  const lockedOut: RuleOutcome['lockedOut'][number][] = [];
  const setting = new Set<AstNode>();
  const effective = new Set<AstNode>();

  const reset = (statement: FieldStatement, layer: number, state: State) => {
    for (const field of names) {
      if (state.by[field] === base.by[field]) continue;
      const [locked, original] = [state.locks[field], base.fields[field]];
      tell?.({
        ...{ statement: statement.node, layer, field, resetTo: base.by[field] ?? null },
        ...(original && { setting: original }),
        ...(locked && { lockedAt: locked }),
      });
      if (locked) {
        lockedOut.push({ statement: statement.node, layer, field, lockedAt: locked, conflict: false });
        continue;
      }
      assign(state.fields, field, original);
      assign(state.by, field, base.by[field]);
      effective.add(statement.node);
    }
  };
  const apply = (statement: FieldStatement, layers: LayerSet) => {
    const { node, sets, lock, all } = statement;
    const own = Object.entries(sets);
    if (layers.size > 0 && (own.length > 0 || (all && !lock))) setting.add(node);
    for (const layer of layers) {
      const state = states[layer]!;
      if (all && !lock) reset(statement, layer, state);
      for (const [field, value] of own) {
        const locked = state.locks[field];
        tell?.({ statement: node, layer, field, setting: value, ...(locked && { lockedAt: locked }) });
        if (!locked) {
          state.fields[field] = value;
          state.by[field] = node;
        } else if (JSON.stringify(value.value) !== JSON.stringify(state.fields[field]?.value)) {
          lockedOut.push({ statement: node, layer, field, lockedAt: locked, conflict: lock !== undefined });
        }
        if (lock) state.locks[field] ??= lock;
      }
      if (lock && all) for (const field of names) state.locks[field] ??= lock;
    }
  };

  for (const item of items) {
    if ('rule' in item) {
      const layers = layersOf(item.rule, network);
      matches.push({ rule: item.rule, layers });
      for (const statement of item.statements) apply(statement, layers);
    } else {
      apply(item, everything);
      for (const [field, value] of Object.entries(item.sets)) {
        base.fields[field] = value;
        base.by[field] = item.node;
      }
    }
  }
  for (const { by } of states) for (const field of names) if (by[field]) effective.add(by[field]);
  return {
    fields: states.map(({ fields }) => fields as Partial<Record<F, Setting<unknown>>>),
    by: states.map(({ by }) => by as Partial<Record<F, AstNode>>),
    ...{ matches, lockedOut, setting, effective },
  };
}

function assign<T>(record: Record<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) delete record[key];
  else record[key] = value;
}
