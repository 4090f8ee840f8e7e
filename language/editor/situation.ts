export type Block = 'file' | 'target' | 'data' | 'quantize' | 'rule' | 'search' | 'export';

/** Where in a spec a cursor stands: found from the words before it alone, so that faults anywhere do not matter. */
export interface Situation {
  readonly block: Block;
  /** Words of the statement or option that the cursor is in, from its keyword on; empty at a beginning. */
  readonly item: readonly string[];
  /** Words of the statement around the block, from its keyword on. */
  readonly outer: readonly string[];
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
    quantize: 'quantize',
    layers: 'rule',
    layer: 'rule',
    search: 'search',
    export: 'export',
  } as const),
);

const roles = ['weights', 'activations', 'inputs', 'outputs', 'bias', 'lock'];

/** Keywords that begin an item of a block. */
export const beginnings: Readonly<Record<Block, readonly string[]>> = {
  file: ['qspec', 'model', 'target', 'data', 'format', 'quantize', 'search', 'export', 'expect'],
  target: [],
  data: [
    ...[
      'input',
      'array',
      'offsets',
      'labels',
      'layout',
      'channels',
      'resize',
      'filter',
      'crop',
      'scale',
      'mean',
      'std',
    ],
    ...['skip', 'take', 'seed', 'split'],
  ],
  quantize: [...roles, 'layers', 'layer', 'arithmetic'],
  rule: roles,
  search: ['weights', 'activations', 'minimize', 'maximize', 'subject'],
  export: ['opset'],
};

/** Words after which any word is a name. */
const naming = new Set(['input', 'array', 'offsets', 'labels', 'part', 'target', 'data', 'format', 'like']);

const word = /[A-Za-z_µμ][\w-µμ]*/y;
const other = /re"(?:\\[^\r\n]|[^"\\\r\n])*"?|"(?:\\[^\r\n]|[^"\\\r\n])*"?|[+-]?[0-9][0-9.x]*|<=|>=|==|!=|\S/y;
const blank = /(?:\s+|\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;

interface Level {
  readonly block: Block;
  item: string[];
}

/** The situation at an offset; undefined inside a comment. */
export function situationAt(text: string, offset: number): Situation | undefined {
  const levels: Level[] = [{ block: 'file', item: [] }];
  let at = 0;
  for (;;) {
    const space = match(blank, text, at);
    if (space !== undefined) {
      const end = at + space.length;
      if (offset < end || (offset === end && end === text.length)) {
        return insideComment(space, offset - at) ? undefined : situation(levels, '', offset, offset);
      }
      at = end;
    }
    if (at >= offset || at >= text.length) return situation(levels, '', offset, offset);
    const token = match(word, text, at) ?? match(other, text, at)!;
    const end = at + token.length;
    const extends_ = /^[\w"µμ]|^re"/.test(token);
    if (offset < end || (offset === end && extends_ && !/^(?:re)?"(?:\\.|[^"\\])*"$/.test(token))) {
      return situation(levels, text.slice(at, offset), at, end);
    }
    take(levels, token);
    at = end;
  }
}

function take(levels: Level[], token: string): void {
  const level = levels.at(-1)!;
  if (token === '{') {
    levels.push({ block: blockOf.get(level.item[0] ?? '') ?? level.block, item: [] });
  } else if (token === '}') {
    if (levels.length > 1) levels.pop();
    levels.at(-1)!.item = [];
  } else if (begins(level, token)) level.item = [token];
  else level.item.push(token);
}

function begins(level: Level, token: string): boolean {
  const { block, item } = level;
  if (item.length === 0) return true;
  if (block === 'target') return item.length >= 3 && /^[A-Za-z]/.test(token) && !/^[0-9]/.test(item.at(-1)!);
  if (!beginnings[block].includes(token)) return false;
  return !naming.has(item.at(-1)!) && item.at(-1) !== 'lock';
}

function situation(levels: readonly Level[], partial: string, start: number, end: number): Situation {
  const level = levels.at(-1)!;
  return { block: level.block, item: level.item, outer: levels.at(-2)?.item ?? [], partial, start, end };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function insideComment(space: string, offset: number): boolean {
  for (const comment of space.matchAll(/\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)/g)) {
    const end = comment.index + comment[0].length;
    const closed = comment[0].startsWith('/*') && comment[0].endsWith('*/') && comment[0].length >= 4;
    if (offset > comment.index && (offset < end || (offset === end && !closed))) return true;
  }
  return false;
}
