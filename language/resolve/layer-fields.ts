import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import type { AnyRule } from '../grammar/rules.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
import type { Network } from '../selectors/network.ts';
import type { Setting } from './fields.ts';
import { layersOf } from './rules.ts';
import { Runs, type Saying, type SlotEvent, Slots, type Word } from './slots.ts';

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
export type LayerFieldEvent = Omit<SlotEvent<AstNode>, 'slot'> & { readonly field: string };

export interface LayerFields<F extends string> extends RuleOutcome {
  /** By layer index. */
  readonly fields: readonly Readonly<Partial<Record<F, Setting<unknown>>>>[];
  /** By layer index, the statement that decided each field. */
  readonly by: readonly Readonly<Partial<Record<F, AstNode>>>[];
}

/** As `resolveRules`, for a block whose rules set fields of layers. `tell` hears of every field in turn. */
export function resolveLayerFields<F extends string>(
  items: readonly (FieldStatement | FieldRule)[],
  names: readonly F[],
  network: Network,
  tell?: (event: LayerFieldEvent) => void,
): LayerFields<F> {
  const matches: { rule: AnyRule; layers: LayerSet }[] = [];
  const slots = new Slots<AstNode>(
    network.layers.length,
    names.length,
    tell && (({ slot, ...event }) => tell({ ...event, field: names[slot]! })),
  );
  const all = [...names.keys()];
  const sayingOf = ({ node, sets, lock, all: isAll = false }: FieldStatement): Saying<AstNode> => ({
    node,
    sets: names.flatMap((name, slot) => (sets[name] ? [[slot, sets[name]] as const] : [])),
    resets: isAll && !lock ? all : [],
    lock: lock && { at: lock, slots: isAll ? all : [] },
  });
  for (const item of items) {
    if ('rule' in item) {
      const layers = layersOf(item.rule, network);
      matches.push({ rule: item.rule, layers });
      for (const statement of item.statements) slots.say(sayingOf(statement), layers);
    } else slots.sayOfAll(sayingOf(item));
  }
  const runs = new Runs(slots, names.length, network.layers.length);
  const made: { readonly fields: LayerFields<F>['fields'][number]; readonly by: LayerFields<F>['by'][number] }[] = [];
  const states = Array.from({ length: network.layers.length }, (_, layer) => {
    const from = layer * names.length;
    const number = runs.numberOf(from);
    const words = () => names.flatMap((name, slot) => ({ name, word: slots.words[slots.said[from + slot]!] }));
    const record = <T>(pick: (word: Word<AstNode>) => T) =>
      Object.fromEntries(words().flatMap(({ name, word }) => (word ? [[name, pick(word)]] : []))) as Partial<
        Record<F, T>
      >;
    made[number] ??= { fields: record(({ setting }) => setting), by: record(({ by }) => by) };
    return made[number];
  });
  return {
    fields: states.map(({ fields }) => fields),
    by: states.map(({ by }) => by),
    matches,
    lockedOut: slots.lockedOut.map(({ slot, ...met }) => ({ ...met, field: names[slot]! })),
    setting: slots.setting,
    effective: slots.effective(),
  };
}
