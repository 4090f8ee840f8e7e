import type { AstNode } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { walk } from '../grammar/walk.ts';
import { meaningOf } from '../resolve/fields.ts';
import { placeAt } from './position.ts';

/** Every place of a name that the spec itself gives: of a data set or a format. */
export interface NameUses {
  readonly kind: 'data' | 'format';
  readonly name: string;
  /** In another file where `imported` says so. */
  readonly definition: TextRange;
  /** The definition among them, in the order of the file. */
  readonly places: readonly TextRange[];
  /** The place that was asked about. */
  readonly at: TextRange;
}

/** The name under a position, if the spec defines it, and wherever else it stands. */
export function nameAt(spec: CheckedSpec, position: TextPosition): NameUses | undefined {
  // A cursor behind the last letter is at the word too.
  const before = { line: position.line, column: Math.max(0, position.column - 1) };
  for (const cursor of [position, before]) {
    const node = placeAt(spec.spec, cursor)?.node;
    const own = node && namedBy(node, spec);
    if (own) return usesOf(own, rangeOf(node), spec);
  }
  return undefined;
}

function usesOf(own: Pick<NameUses, 'kind' | 'name'>, at: TextRange, spec: CheckedSpec): NameUses | undefined {
  const { dataByName, formats } = spec.definitions;
  const definition = own.kind === 'data' ? dataByName.get(own.name) : formats.get(own.name);
  if (!definition?.name) return undefined;
  const places: TextRange[] = [];
  for (const node of walk(spec.ast)) {
    const other = namedBy(node, spec);
    if (other && other.kind === own.kind && other.name === own.name) places.push(rangeOf(node));
  }
  return { ...own, definition: rangeOf(definition.name), places, at };
}

/** What a node that is a word or a name stands for. */
function namedBy(node: AstNode, spec: CheckedSpec): { kind: NameUses['kind']; name: string } | undefined {
  const text = (node as { text?: string }).text;
  const parent = node.$container;
  if (text === undefined || !parent) return undefined;
  const property = node.$containerProperty;
  if (parent.$type === 'DataStatement' && (property === 'name' || property === 'base'))
    return { kind: 'data', name: text };
  if (parent.$type === 'TrainData') return { kind: 'data', name: text };
  if (parent.$type === 'FormatStatement' && property === 'name') return { kind: 'format', name: text };
  const isFormatWord =
    (parent.$type === 'FormatWords' && property === 'words') ||
    (parent.$type === 'SearchChoice' && property === 'formats');
  if (isFormatWord && meaningOf(text, spec.definitions.formats, spec.vocabulary) === 'named') {
    return { kind: 'format', name: text };
  }
  return undefined;
}

/** Names that mean something by themselves; renaming them changes what the spec says. */
const fixed: Readonly<Record<NameUses['kind'], readonly string[]>> = {
  data: ['calibration', 'validation'],
  format: [],
};

/** Why a name cannot be renamed, or not to this; undefined if it can. */
export function renameRefusal(
  spec: CheckedSpec,
  { kind, name, definition }: NameUses,
  to?: string,
): string | undefined {
  const imported = definition.imported;
  if (imported) return `“${name}” is defined in ${imported.path}; rename it there.`;
  if (fixed[kind].includes(name)) return `“${name}” has a meaning of its own and cannot be renamed.`;
  if (to === undefined) return undefined;
  if (!/^[A-Za-z_µμ][A-Za-z0-9_µμ]*(-[A-Za-z0-9_]+)*$/.test(to)) {
    return 'A name is letters, digits and “_”, with “-” inside, and begins with a letter.';
  }
  const { dataByName, formats } = spec.definitions;
  if (to !== name && (kind === 'data' ? dataByName.has(to) : formats.has(to)))
    return `There is a ${kind} “${to}” already.`;
  if (kind === 'format' && ['format', 'scheme', 'granularity'].includes(meaningOf(to, new Map(), spec.vocabulary))) {
    return `“${to}” is a word of the language.`;
  }
  return undefined;
}
