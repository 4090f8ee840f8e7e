import { recipeNumbers } from '../../engine/training/recipe.ts';
import {
  dataWords,
  fieldWords,
  pruneWords,
  roleWords,
  ruleWords,
  searchWords,
  statementWords,
} from '../grammar/block-words.ts';
import { isComment, type Token, tokensOf } from '../grammar/tokens.ts';

/** `rule`, `prune-rule`, `train-rule`: the braces of a rule in `quantize`, `prune`, `train`. */
export type Block =
  | 'file'
  | 'target'
  | 'data'
  | 'prune'
  | 'prune-rule'
  | 'quantize'
  | 'rule'
  | 'train'
  | 'train-rule'
  | 'search'
  | 'export';

/** Where in a spec a cursor stands: found from the words before it alone, so that faults anywhere do not matter. */
export interface Situation {
  readonly block: Block;
  /** Words of the statement or option that the cursor is in, from its keyword on; empty at a beginning. */
  readonly item: readonly string[];
  /** Words of the statement around the block, from its keyword on. */
  readonly outer: readonly string[];
  /** Blocks around the cursor. */
  readonly depth: number;
  /** What has been typed of the current word, and where it begins and ends. A text includes its opening quote. */
  readonly partial: string;
  readonly start: number;
  readonly end: number;
}

/** A map, because `constructor` is a word that a text may have. */
const blockOf: ReadonlyMap<string, Block> = new Map(
  Object.entries({
    target: 'target',
    data: 'data',
    prune: 'prune',
    quantize: 'quantize',
    train: 'train',
    search: 'search',
    export: 'export',
  } as const),
);

const ruleOf: Partial<Record<Block, Block>> = { prune: 'prune-rule', quantize: 'rule', train: 'train-rule' };

function blockBehind({ block, item }: Level): Block {
  const first = item[0] ?? '';
  const rule = first === 'layers' || first === 'layer' ? ruleOf[block] : undefined;
  return rule ?? blockOf.get(first) ?? block;
}

const pruning = [...pruneWords, ...fieldWords];
const roles = [...roleWords, ...fieldWords];

/** Keywords that begin an item of a block. */
export const beginnings: Readonly<Record<Block, readonly string[]>> = {
  file: statementWords,
  target: [],
  data: dataWords,
  quantize: [...roles, ...ruleWords, 'arithmetic', 'backend'],
  rule: roles,
  prune: [...pruning, ...ruleWords],
  'prune-rule': pruning,
  train: [
    ...recipeNumbers.map(({ name }) => name),
    ...['optimizer', 'schedule', 'data', 'distil', ...fieldWords, ...ruleWords],
  ],
  'train-rule': [...recipeNumbers.filter(({ perLayer }) => perLayer).map(({ name }) => name), ...fieldWords],
  search: searchWords,
  export: ['opset', 'container'],
};

/** Words after which any word is a name. */
const naming = new Set(['input', 'array', 'offsets', 'labels', 'part', 'target', 'data', 'format', 'like']);

interface Level {
  readonly block: Block;
  item: string[];
}

/** The blocks around a place in a text and what has been read in each, token by token; comments are not given to it. */
export class Levels {
  readonly #levels: Level[] = [{ block: 'file', item: [] }];

  /** Blocks that are open. */
  get depth(): number {
    return this.#levels.length - 1;
  }

  /** Whether the next token begins a statement, or an item of the block. */
  begins(token: string): boolean {
    if (token === '{' || token === '}') return false;
    const { block, item } = this.#levels.at(-1)!;
    if (item.length === 0) return true;
    if (block === 'target') return item.length >= 3 && /^[A-Za-z]/.test(token) && !/^[0-9]/.test(item.at(-1)!);
    if (!beginnings[block].includes(token)) return false;
    const last = item.at(-1)!;
    // `offsets offsets labels y`: the second is a name, and no keyword that asks for one.
    const names = item.length === 1 ? naming.has(last) : last === 'like' || last === 'part';
    return !names && last !== 'lock' && last !== 'reset';
  }

  take(token: string): void {
    const levels = this.#levels;
    const level = levels.at(-1)!;
    if (token === '{') {
      levels.push({ block: blockBehind(level), item: [] });
    } else if (token === '}') {
      if (levels.length > 1) levels.pop();
      levels.at(-1)!.item = [];
    } else if (this.begins(token)) level.item = [token];
    else level.item.push(token);
  }

  situation(partial: string, start: number, end: number): Situation {
    const level = this.#levels.at(-1)!;
    const outer = this.#levels.at(-2)?.item ?? [];
    return { block: level.block, item: level.item, outer, depth: this.depth, partial, start, end };
  }
}

/** The situation at an offset; undefined inside a comment. */
export function situationAt(text: string, offset: number): Situation | undefined {
  const levels = new Levels();
  for (const token of typedTokens(text)) {
    if (token.start >= offset) break;
    if (isComment(token)) {
      if (offset < token.end || (offset === token.end && !isClosed(token))) return undefined;
    } else {
      if (offset < token.end || (offset === token.end && token.kind !== 'sign' && !isClosed(token))) {
        return levels.situation(text.slice(token.start, offset), token.start, token.end);
      }
      levels.take(token.text);
    }
  }
  return levels.situation('', offset, offset);
}

/** Nothing that is typed behind it belongs to it. */
function isClosed({ kind, text }: Token): boolean {
  if (kind === 'text') return /^(?:re)?"(?:\\.|[^"\\])*"$/.test(text);
  return kind === 'block-comment' && text.length >= 4 && text.endsWith('*/');
}

/**
 * Tokens as somebody types them: a dotted name, `per-` on the way to `per-channel`, `3x` on the way to `3x3` and `1.` on the way
 * to `1.5` are one each, where the grammar sees several.
 */
function* typedTokens(text: string): Iterable<Token> {
  let pending: Token | undefined;
  for (const token of tokensOf(text)) {
    if (pending && pending.end === token.start && continues(pending, token)) {
      pending = { ...pending, text: pending.text + token.text, end: token.end };
      continue;
    }
    if (pending) yield pending;
    pending = token;
  }
  if (pending) yield pending;
}

function continues(first: Token, next: Token): boolean {
  if (first.kind === 'word')
    return next.text === '.' || next.text === '-' || (next.kind === 'word' && first.text.endsWith('.'));
  return first.kind === 'number' && (next.text === '.' || /^x[0-9]*$/.test(next.text));
}
