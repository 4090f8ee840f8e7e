import type { QuantizedStance } from '../../engine/plan.ts';
import type {
  DataStatement,
  ExpectStatement,
  ExportStatement,
  FormatStatement,
  ModelStatement,
  PassesStatement,
  PruneBlock,
  PruneItem,
  QuantizeBlock,
  QuantizeItem,
  SearchBlock,
  Spec,
  TargetStatement,
  TrainBlock,
  TrainItem,
  Word,
} from '../generated/ast.ts';
import { withImports } from '../grammar/imports.ts';
import type { LoadedSpec } from '../grammar/load.ts';
import { stances } from '../vocabulary.ts';
import type { FormatScope } from './fields.ts';

/**
 * The statements of a spec and of what it imports, by kind. Of several with one name the first of the spec's own counts (a
 * check tells of the others), then the last that is imported: what imports overrides what is imported.
 */
export interface Definitions {
  readonly model: ModelStatement | undefined;
  /** What becomes of what the model holds in codes already; undefined: it is refused. */
  readonly quantized: QuantizedStance | undefined;
  readonly targets: readonly TargetStatement[];
  readonly data: readonly DataStatement[];
  readonly dataByName: ReadonlyMap<string, DataStatement>;
  readonly formats: FormatScope;
  readonly passes: PassesStatement | undefined;
  readonly prune: Merged<PruneItem, PruneBlock> | undefined;
  readonly quantize: Quantize | undefined;
  readonly train: Merged<TrainItem, TrainBlock> | undefined;
  readonly search: SearchBlock | undefined;
  readonly exports: readonly ExportStatement[];
  readonly expectations: readonly ExpectStatement[];
}

/** The blocks of one kind of a spec and of what it imports, as one: the imported items come first, the own ones last. */
export interface Merged<Item, Block> {
  readonly items: readonly Item[];
  /** The spec's own block. */
  readonly own: Block | undefined;
}

export interface Quantize extends Merged<QuantizeItem, QuantizeBlock> {
  /** The last that is named. */
  readonly recipe: Word | undefined;
  /** Layers around what the model holds in codes already are left as they are. */
  readonly keepsCodes: boolean;
}

type Kind = Spec['statements'][number]['$type'];
type StatementOf<K extends Kind> = Extract<Spec['statements'][number], { $type: K }>;

export function statementsOf<K extends Kind>(spec: Spec, kind: K): readonly StatementOf<K>[] {
  return spec.statements.filter((statement): statement is StatementOf<K> => statement.$type === kind);
}

export function definitionsOf(spec: LoadedSpec): Definitions {
  // What is imported stands where its `import` stands; one after a statement comes after it all the same, since names
  // have no order and rules of a base are to be overridden, not to override.
  const trees = [...withImports(spec)].map(({ ast }) => ast);
  const all = <K extends Kind>(kind: K) => trees.flatMap((tree) => statementsOf(tree, kind));
  /** The spec's own, then the imported from the last to the first. */
  const byRank = <K extends Kind>(kind: K) => trees.toReversed().flatMap((tree) => statementsOf(tree, kind));
  const merged = <I, B extends { readonly items: readonly I[] }>(blocksOf: (tree: Spec) => readonly B[]) => {
    const blocks = trees.flatMap((tree) => blocksOf(tree).slice(0, 1));
    return blocks.length === 0
      ? undefined
      : { items: blocks.flatMap(({ items }) => items), own: blocksOf(spec.ast)[0] };
  };
  const quantize = merged<QuantizeItem, QuantizeBlock>((tree) => statementsOf(tree, 'QuantizeBlock'));
  const recipe = all('QuantizeBlock').findLast((block) => block.recipe !== undefined)?.recipe;
  const data = byName(byRank('DataStatement'));
  const model = byRank('ModelStatement')[0];
  const quantized = stances.find((known) => known === model?.quantized?.text);
  return {
    model,
    quantized,
    targets: [...byName(byRank('TargetStatement')).values()],
    data: all('DataStatement'),
    dataByName: data,
    formats: scopeOf(byRank('FormatStatement')),
    passes: byRank('PassesStatement')[0],
    prune: merged<PruneItem, PruneBlock>((tree) => statementsOf(tree, 'PruneBlock')),
    quantize: quantize && { ...quantize, recipe, keepsCodes: quantized === 'keep' },
    train: merged<TrainItem, TrainBlock>((tree) => statementsOf(tree, 'TrainBlock')),
    search: byRank('SearchBlock')[0],
    exports: all('ExportStatement'),
    expectations: all('ExpectStatement'),
  };
}

/** A spec for others to import: it says how to compress, and nothing of a result. */
export function isBase({ model, exports, expectations }: Definitions): boolean {
  return model === undefined && exports.length === 0 && expectations.length === 0;
}

/** The formats that a spec names; the same map as the last time where they are the same, so that what is known of them holds. */
function scopeOf(statements: readonly FormatStatement[]): FormatScope {
  const scope = byName(statements);
  const first = statements[0] ?? nothing;
  const before = scopes.get(first);
  const isSame = before?.size === scope.size && [...scope].every(([name, format]) => before.get(name) === format);
  if (before && isSame) return before;
  scopes.set(first, scope);
  return scope;
}

const scopes = new WeakMap<object, FormatScope>();
/** Stands for the first format where there is none. */
const nothing = {};

function byName<T extends { readonly name?: { readonly text?: string } }>(statements: readonly T[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const statement of statements) {
    const name = statement.name?.text;
    if (name !== undefined && !map.has(name)) map.set(name, statement);
  }
  return map;
}
