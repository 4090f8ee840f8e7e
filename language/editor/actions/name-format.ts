import type { CheckedSpec } from '../../context.ts';
import type { RoleStatement } from '../../generated/ast.ts';
import { nodesOf } from '../../grammar/walk.ts';
import { statementsOf } from '../../resolve/definitions.ts';
import { meaningOf, readFields } from '../../resolve/fields.ts';
import { find } from '../../vocabulary.ts';
import { type ActionKind, stretchOf, wordsIn } from './action.ts';

/** The words of a statement become a format of the spec, here and wherever the same words stand. */
export const nameFormat: ActionKind = {
  name: 'format',
  family: 'refactor.extract',
  summary: 'Makes the words of a statement a named format and uses it wherever the same words stand.',
  keepsPlan: true,
  example: {
    before: 'quantize {\n  weights in¦t4 per-channel\n  layers first { weights int4 per-channel }\n}',
    after: 'format w4 = int4 per-channel\n\nquantize {\n  weights w4\n  layers first { weights w4 }\n}',
  },
  offer(place, spec) {
    const statement = place.around('RoleStatement');
    const words = wordsIn(stretchOf(statement?.format)?.text ?? '');
    // One word is a name already.
    if (!statement?.format || !words?.includes(' ')) return undefined;
    const before = placeFor(statement, spec);
    if (!before) return undefined;
    const name = freeName(statement, spec);
    const same = nodesOf(spec.ast, 'RoleStatement').flatMap(({ format }) => {
      const own = stretchOf(format);
      return own && wordsIn(own.text) === words ? [own] : [];
    });
    const text = stretchOf(statement.format)!.text.replaceAll(/\s+/g, ' ');
    return {
      title: `Name this format ${name}`,
      edits: [
        { start: before.at, end: before.at, text: `${before.lead}format ${name} = ${text}${before.tail}` },
        ...same.map(({ start, end }) => ({ start, end, text: name })),
      ].sort((a, b) => a.start - b.start),
    };
  },
};

/** Behind the last format, or before the block that the words stand in. */
function placeFor(
  statement: RoleStatement,
  { ast }: CheckedSpec,
): { at: number; lead: string; tail: string } | undefined {
  let top = statement.$container as { $type: string; $container?: unknown };
  while (top.$type !== 'QuantizeBlock' && top.$container) top = top.$container as typeof top;
  const block = stretchOf(top as RoleStatement['$container']);
  const last = statementsOf(ast, 'FormatStatement')
    .flatMap((format) => stretchOf(format) ?? [])
    .findLast(({ end }) => block && end <= block.start);
  if (last) return { at: last.end, lead: '\n', tail: '' };
  return block && { at: block.start, lead: '', tail: '\n\n' };
}

/** `w4`, `a8`; with a number behind it where that is taken. */
function freeName(statement: RoleStatement, { definitions, vocabulary }: CheckedSpec): string {
  const { format } = readFields(statement.format, definitions.formats, vocabulary);
  const bits = find(vocabulary.formats, format?.value)?.bits;
  const letter = { weights: 'w', bias: 'b' }[statement.role as string] ?? 'a';
  const wanted = bits === undefined ? `${statement.role}-format` : `${letter}${bits}`;
  const isTaken = (name: string) => meaningOf(name, definitions.formats, vocabulary) !== 'unknown';
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!isTaken(name)) return name;
  }
}
