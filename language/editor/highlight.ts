import type { TextRange } from '../../engine/findings.ts';
import { recipeNumbers } from '../../engine/training/recipe.ts';
import type { CheckedSpec } from '../context.ts';
import type { FormatWord } from '../generated/ast.ts';
import { rangeOf, rangeOfProperty } from '../grammar/ranges.ts';
import { spelled } from '../grammar/spelling.ts';
import { walk } from '../grammar/walk.ts';
import { meaningOf } from '../resolve/fields.ts';

/** What words mean that the grammar alone cannot tell: the names of Language Server Protocol's semantic tokens. */
export const tokenTypes = ['enumMember', 'type', 'variable', 'function', 'property', 'class', 'namespace'] as const;

export interface MeaningfulToken {
  readonly range: TextRange;
  readonly type: (typeof tokenTypes)[number];
  readonly definition: boolean;
}

/**
 * Words by what they stand for: number formats, names of this spec, observers, methods and their like, passes, operators, properties, targets.
 * What means nothing gets no token, so that a misspelt word is seen by its colour.
 */
export function highlightsOf(spec: CheckedSpec): readonly MeaningfulToken[] {
  const { vocabulary, definitions } = spec;
  const tokens: MeaningfulToken[] = [];
  const add = (range: TextRange, type: MeaningfulToken['type'], definition = false) => {
    if (range.start.line === range.end.line && range.end.column > range.start.column) {
      tokens.push({ range, type, definition });
    }
  };
  const isKnown = (words: readonly { readonly name: string }[], name: string | undefined) =>
    words.some((word) => word.name === name);
  const { observers, methods, criteria, optimizers, schedules } = vocabulary;
  const callables = [...observers, ...methods, ...criteria, ...optimizers, ...schedules];
  for (const node of walk(spec.ast)) {
    switch (node.$type) {
      case 'FormatWord': {
        const meaning = meaningOf(spelled(node as FormatWord), definitions.formats, vocabulary);
        const range = rangeOfProperty(node, 'text');
        if (meaning === 'named') add(range, 'variable');
        else if (meaning !== 'unknown') add(range, meaning === 'format' ? 'type' : 'enumMember');
        break;
      }
      case 'Word': {
        const word = node as { text?: string } & typeof node;
        const parent = node.$container?.$type;
        if (parent === 'Call' && isKnown(callables, word.text)) {
          add(rangeOf(node), 'function');
        } else if (parent === 'PassesStatement' && isKnown(vocabulary.passes, word.text)) {
          add(rangeOf(node), 'function');
        } else if (parent === 'DataStatement' && isKnown(vocabulary.dataKinds, word.text)) add(rangeOf(node), 'type');
        break;
      }
      case 'Name': {
        const name = (node as { text?: string }).text;
        const parent = node.$container?.$type;
        if (parent === 'TargetStatement' && isKnown(vocabulary.targets, name)) add(rangeOf(node), 'class');
        else if (parent === 'DataStatement') {
          const defines = node.$containerProperty === 'name';
          if (defines || definitions.dataByName.has(name ?? '')) add(rangeOf(node), 'namespace', defines);
        } else if (parent === 'TrainData' && definitions.dataByName.has(name ?? '')) {
          add(rangeOf(node), 'namespace');
        } else if (parent === 'FormatStatement') add(rangeOf(node), 'variable', true);
        break;
      }
      case 'TrainWord':
        if (isKnown(recipeNumbers, (node as { text?: string }).text)) add(rangeOf(node), 'property');
        break;
      case 'OperatorName':
        add(rangeOf(node), 'class');
        break;
      case 'Property':
        add(rangeOfProperty(node, 'name'), 'property');
        break;
    }
  }
  return tokens.sort((a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column);
}
