import type { AstNode } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import { parseGranularity } from '../../engine/formats/granularity.ts';
import { remembered } from '../../engine/remembered.ts';
import type { Call, FormatStatement, FormatWord, FormatWords } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { spelled } from '../grammar/spelling.ts';
import { numberOf } from '../quantities/quantity.ts';
import {
  type CallableWord,
  type CodeRangeWord,
  codeRanges,
  find,
  float,
  formatOf,
  type Granularity,
  type Scheme,
  scaleWords,
  schemes,
  type Vocabulary,
} from '../vocabulary.ts';

/** A value and the words of the spec that gave it. */
export interface Setting<T> {
  readonly value: T;
  readonly range: TextRange;
}

/** Words may move while what they say stays: where they stand is looked up when somebody asks. */
class Said<T> implements Setting<T> {
  readonly value: T;
  readonly #words: AstNode;

  constructor(value: T, words: AstNode) {
    this.value = value;
    this.#words = words;
  }

  get range(): TextRange {
    return rangeOf(this.#words);
  }
}

export interface CallValue {
  readonly name: string;
  readonly arguments: Readonly<Record<string, number>>;
}

/** What one statement says of a role; fields that it does not mention are absent. */
export interface Fields {
  readonly format?: Setting<string>;
  readonly scheme?: Setting<Scheme>;
  readonly granularity?: Setting<Granularity>;
  /** What scales are. */
  readonly scale?: Setting<string>;
  /** Whether signed integers use their smallest code. */
  readonly codes?: Setting<CodeRangeWord>;
  readonly observer?: Setting<CallValue>;
  readonly method?: Setting<CallValue>;
}

export const fieldNames = ['format', 'scheme', 'granularity', 'scale', 'codes', 'observer', 'method'] as const;
export type FieldName = (typeof fieldNames)[number];

export type FormatScope = ReadonlyMap<string, FormatStatement>;

/** What a word of a format means: a field that it sets, a format named in this spec, or nothing known. */
export type WordMeaning = 'format' | 'scheme' | 'granularity' | 'scale' | 'codes' | 'named' | 'unknown';

/** @param word as it is spelled, with its arguments. */
export function meaningOf(word: string | undefined, scope: FormatScope, vocabulary: Vocabulary): WordMeaning {
  if (word === undefined) return 'unknown';
  const meanings = remembered(meaningsIn, scope, () => new Map());
  if (meanings.size > mostMeanings) meanings.clear();
  return remembered(meanings, word, () => meaningAnew(word, scope, vocabulary));
}

/** A spec says the same few words again and again. */
const meaningsIn = new WeakMap<FormatScope, Map<string, WordMeaning>>();
const mostMeanings = 4000;

function meaningAnew(word: string, scope: FormatScope, vocabulary: Vocabulary): WordMeaning {
  if (word === float || formatOf(vocabulary, word)) return 'format';
  if ((schemes as readonly string[]).includes(word)) return 'scheme';
  if (parseGranularity(word)) return 'granularity';
  if (scaleWords.includes(word)) return 'scale';
  if ((codeRanges as readonly string[]).includes(word)) return 'codes';
  return scope.has(word) ? 'named' : 'unknown';
}

/**
 * What the words after `weights`, `activations` or `format x =` set. Words are read from left to right, a later one wins; a
 * named format brings all its fields, and the word that names it here is what decided them. Unknown words set nothing.
 */
export function readFields(words: FormatWords | undefined, scope: FormatScope, vocabulary: Vocabulary): Fields {
  if (!words) return {};
  const before = remembered(readBefore, scope, () => new WeakMap());
  return remembered(before, words, () => readNested(words, scope, vocabulary, new Set()));
}

/** Several checks ask for the same words at every keystroke, of most of them as they were at the last. */
const readBefore = new WeakMap<FormatScope, WeakMap<FormatWords, Fields>>();

/** Formats made of formats, at most: a chain that is longer is no longer a help to anyone. */
export const deepestFormats = 64;

/** What named formats came to; without it, formats that each name another twice would double the work at every step. */
const known = new WeakMap<FormatScope, Map<string, Fields>>();

function readNested(
  words: FormatWords | undefined,
  scope: FormatScope,
  vocabulary: Vocabulary,
  open: Set<string>,
): Fields {
  if (!words) return {};
  let fields: Fields = {};
  for (const word of words.words) fields = { ...fields, ...fieldsOfWord(word, scope, vocabulary, open) };
  const observer = readCall(words.observers.at(-1), vocabulary.observers);
  const method = readCall(words.methods.at(-1), vocabulary.methods);
  return { ...fields, ...(observer ? { observer } : {}), ...(method ? { method } : {}) };
}

function fieldsOfWord(word: FormatWord, scope: FormatScope, vocabulary: Vocabulary, open: Set<string>): Fields {
  const said = <T>(value: T) => new Said(value, word);
  const text = spelled(word);
  switch (meaningOf(text, scope, vocabulary)) {
    case 'format':
      // Under its canonical name, whichever way its arguments are written.
      return { format: said(formatOf(vocabulary, text)?.name ?? text) };
    case 'scheme':
      return { scheme: said(text as Scheme) };
    case 'granularity':
      return { granularity: said(text as Granularity) };
    case 'scale':
      return { scale: said(text) };
    case 'codes':
      return { codes: said(text as CodeRangeWord) };
    case 'named':
      return saidBy(word, fieldsOfNamed(word.text, scope, vocabulary, open));
    case 'unknown':
      return {};
  }
}

/** A format that is made of itself, or of too many others, says nothing; a check tells of it. */
function fieldsOfNamed(name: string, scope: FormatScope, vocabulary: Vocabulary, open: Set<string>): Fields {
  const before = known.get(scope)?.get(name);
  if (before) return before;
  if (open.has(name) || open.size >= deepestFormats) return {};
  open.add(name);
  const fields = readNested(scope.get(name)?.format, scope, vocabulary, open);
  open.delete(name);
  if (!known.has(scope)) known.set(scope, new Map());
  known.get(scope)!.set(name, fields);
  return fields;
}

function saidBy(word: FormatWord, fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, setting]) => [name, new Said(setting.value, word)]);
  return Object.fromEntries(entries) as Fields;
}

/** A registered observer or method with its arguments by name; a bare value is the argument in the same place. */
export function readCall(call: Call | undefined, words: readonly CallableWord[]): Setting<CallValue> | undefined {
  const word = find(words, call?.name?.text);
  if (!call || !word) return undefined;
  const values: Record<string, number> = {};
  for (const [i, argument] of call.arguments.entries()) {
    const declared = argument.name ? find(word.arguments, argument.name.text) : word.arguments[i];
    const value = numberOf(argument.value);
    if (declared && value >= declared.min && value <= declared.max) values[declared.name] = value;
  }
  return new Said({ name: word.name, arguments: values }, call);
}

/** A field's value as the language writes it: `int8`, `percentile(p = 99)`. */
export function valueText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, arguments: given } = value as CallValue;
  const list = Object.entries(given).map(([key, number]) => `${key} = ${number}`);
  return list.length > 0 ? `${name}(${list.join(', ')})` : name;
}
