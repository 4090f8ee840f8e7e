import { roleWords, ruleWords } from '../grammar/block-words.ts';
import { codeRanges, granularities, scaleWords } from '../vocabulary.ts';

/** Which section of docs/language.md speaks of a keyword, by the section's anchor. Statements have sections of their own name. */
const wordsOf: Readonly<Record<string, readonly string[]>> = {
  qspec: ['qspec'],
  import: ['import'],
  model: ['model', 'quantized'],
  target: ['target'],
  data: [
    ...['data', 'like', 'input', 'array', 'offsets', 'labels', 'offset', 'layout', 'channels', 'resize', 'filter'],
    ...['crop', 'scale', 'mean', 'std', 'skip', 'take', 'seed', 'split', 'part'],
  ],
  format: [
    ...['format', 'observe', 'using', 'symmetric', 'affine'],
    ...[...granularities, ...scaleWords, ...codeRanges],
  ],
  passes: ['passes', 'without'],
  prune: ['prune', 'sparsity', 'pattern', 'rank', 'by'],
  train: ['train', 'optimizer', 'schedule', 'distil', 'temperature'],
  quantize: [
    ...['quantize', ...roleWords, ...ruleWords, 'matches', 'optional'],
    ...['keep', 'lock', 'reset', 'arithmetic', 'backend'],
  ],
  selectors: [
    ...['op', 'role', 'first', 'last', 'before', 'after', 'consumers', 'producers', 'from', 'reading', 'writing'],
    ...['all', 'and', 'or', 'not', 'of', 'to'],
  ],
  blocks: ['block', 'blocks'],
  predicates: ['where'],
  search: ['search', 'minimize', 'maximize', 'subject', 'one'],
  export: ['export', 'opset', 'container'],
  expect: ['expect', 'drop'],
};

const sections = new Map(Object.entries(wordsOf).flatMap(([section, words]) => words.map((word) => [word, section])));

export function sectionOf(word: string): string | undefined {
  return sections.get(word);
}

/** Every section that keywords lead to. */
export const sectionAnchors: readonly string[] = Object.keys(wordsOf);
