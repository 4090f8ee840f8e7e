import type { AstNode } from 'langium';
import type { CheckedSpec } from '../context.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { budgetKinds, expectationKinds } from '../quantities/measured.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { type WordKind, wordFor } from '../spellings.ts';
import { type CallableWord, float, granularities, schemes } from '../vocabulary.ts';
import { callsOf } from './calls.ts';
import type { Check } from './check.ts';

/** Words as other tools spell them. The checks of unknown words leave them to this one. */
export const wordShouldBeOfThisLanguage: Check = {
  code: 'word/foreign',
  severity: 'error',
  section: 'reading',
  what: 'A word as another tool spells it: `per_channel`, `sym`, `fp32`, `minmax`, `conv2d`, `accuracy`. The finding has the word of this language.',
  why: 'The words of this language are few and mean one thing each; another spelling means nothing.',
  fix: 'Take the word that is named: the quick fix writes it.',
  example: 'quantize { weights int8 sym per_channel }',
  *remarks(spec) {
    // A spec says the same few words again and again.
    const right = new Map<readonly string[], Set<string>>();
    for (const { kind, node, text, known } of wordsIn(spec)) {
      const seen = right.get(known) ?? new Set();
      right.set(known, seen);
      if (text === undefined || seen.has(text)) continue;
      const word = wordFor(kind, text, known);
      if (word === undefined) {
        seen.add(text);
        continue;
      }
      yield {
        what: `Here ${shown(text)} is called \`${word}\`.`,
        fix: `Write \`${word}\`.`,
        range: rangeOf(node),
        replacement: word,
      };
    }
  },
};

interface Used {
  readonly kind: WordKind;
  readonly node: AstNode | undefined;
  readonly text: string | undefined;
  readonly known: readonly string[];
}

/** Names of a registry: one list for each, by which words that were looked at are remembered. */
const listed = new WeakMap<readonly CallableWord[], readonly string[]>();

function namesOf(words: readonly CallableWord[]): readonly string[] {
  const known = listed.get(words) ?? words.map(({ name }) => name);
  listed.set(words, known);
  return known;
}

/** Every word that names something of a registry, with what there is. */
function* wordsIn({ ast, vocabulary, definitions }: CheckedSpec): Iterable<Used> {
  const names = (words: readonly { readonly name: string }[]) => words.map(({ name }) => name);
  const used = (
    kind: WordKind,
    node: (AstNode & { readonly text?: string }) | undefined,
    known: readonly string[],
  ) => ({
    ...{ kind, node, known },
    text: node?.text,
  });
  const formats = [...names(vocabulary.formats), float, ...definitions.formats.keys()];
  const formatWords = [...formats, ...schemes, ...granularities];
  for (const { words } of nodesOf(ast, 'FormatWords'))
    for (const word of words) yield used('format', word, formatWords);
  for (const { call, kind, words } of callsOf(ast, vocabulary)) yield used(kind, call.name, namesOf(words));
  for (const choice of nodesOf(ast, 'SearchChoice')) {
    for (const word of choice.formats) yield used('format', word, formats);
  }
  for (const node of nodesOf(ast, 'OperatorName')) {
    yield { kind: 'operator', node, text: node.name, known: vocabulary.operators };
  }
  const [kinds, budgets, expectations] = [names(vocabulary.dataKinds), names(budgetKinds), names(expectationKinds)];
  for (const { kind } of statementsOf(ast, 'DataStatement')) yield used('kind of data', kind, kinds);
  for (const { quantity } of nodesOf(ast, 'Budget')) yield used('budget', quantity, budgets);
  for (const { quantity } of statementsOf(ast, 'ExpectStatement')) yield used('expectation', quantity, expectations);
  for (const { name } of statementsOf(ast, 'TargetStatement')) yield used('target', name, names(vocabulary.targets));
}
