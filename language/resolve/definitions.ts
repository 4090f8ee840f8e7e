import type {
  DataStatement,
  ExpectStatement,
  ExportStatement,
  FormatStatement,
  ModelStatement,
  QuantizeBlock,
  SearchBlock,
  Spec,
  TargetStatement,
} from '../generated/ast.ts';
import type { FormatScope } from './fields.ts';

/** A spec's statements by kind. Of several with one name the first counts; a check tells of the others. */
export interface Definitions {
  readonly model: ModelStatement | undefined;
  readonly targets: readonly TargetStatement[];
  readonly data: readonly DataStatement[];
  readonly dataByName: ReadonlyMap<string, DataStatement>;
  readonly formats: FormatScope;
  readonly quantize: QuantizeBlock | undefined;
  readonly search: SearchBlock | undefined;
  readonly exports: readonly ExportStatement[];
  readonly expectations: readonly ExpectStatement[];
}

type Kind = Spec['statements'][number]['$type'];
type StatementOf<K extends Kind> = Extract<Spec['statements'][number], { $type: K }>;

export function statementsOf<K extends Kind>(spec: Spec, kind: K): readonly StatementOf<K>[] {
  return spec.statements.filter((statement): statement is StatementOf<K> => statement.$type === kind);
}

export function definitionsOf(spec: Spec): Definitions {
  const data = statementsOf(spec, 'DataStatement');
  return {
    model: statementsOf(spec, 'ModelStatement')[0],
    targets: statementsOf(spec, 'TargetStatement'),
    data,
    dataByName: byName(data),
    formats: byName<FormatStatement>(statementsOf(spec, 'FormatStatement')),
    quantize: statementsOf(spec, 'QuantizeBlock')[0],
    search: statementsOf(spec, 'SearchBlock')[0],
    exports: statementsOf(spec, 'ExportStatement'),
    expectations: statementsOf(spec, 'ExpectStatement'),
  };
}

function byName<T extends { readonly name?: { readonly text?: string } }>(statements: readonly T[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const statement of statements) {
    const name = statement.name?.text;
    if (name !== undefined && !map.has(name)) map.set(name, statement);
  }
  return map;
}
