import { type FormatFamily, memberOf, splitName } from '../engine/formats/family.ts';
import type { NumberFormat } from '../engine/formats/format.ts';
import { type Granularity, granularityKinds } from '../engine/formats/granularity.ts';
import { scaleKinds } from '../engine/formats/scales.ts';
import type { Limit } from '../engine/quantize/limits.ts';

/**
 * The words that the engine's registries lend to the language. The rows of those registries have this shape themselves,
 * so that what the engine learns the language knows with no further line.
 */
export interface Vocabulary {
  readonly formats: readonly NumberFormat[];
  /** Formats with arguments. */
  readonly families: readonly FormatFamily[];
  readonly observers: readonly CallableWord[];
  readonly methods: readonly CallableWord[];
  /** Criteria of pruning; the first is the default. */
  readonly criteria: readonly CallableWord[];
  readonly optimizers: readonly CallableWord[];
  readonly schedules: readonly CallableWord[];
  /** In the order in which they run unless a spec says otherwise. */
  readonly passes: readonly VocabularyWord[];
  readonly targets: readonly TargetWord[];
  readonly dataKinds: readonly VocabularyWord[];
  /** Operator types as `op` names them: `Conv`, `com.microsoft.Gelu`. */
  readonly operators: readonly string[];
}

export interface VocabularyWord {
  readonly name: string;
  readonly title?: string;
  /** One sentence for completion and hover. */
  readonly description: string;
}

export interface CallableWord extends VocabularyWord {
  /** What it takes in time and memory. */
  readonly cost?: string;
  readonly source?: string;
  readonly arguments: readonly ArgumentWord[];
}

export interface ArgumentWord {
  readonly name: string;
  readonly description: string;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

export interface TargetWord extends VocabularyWord {
  /** Names of the formats that the target can run. */
  readonly formats: readonly string[];
  readonly clockHz?: number;
  readonly cores?: number;
  /** Bytes; absent where they are no constraint. */
  readonly flash?: number;
  readonly ram?: number;
  /** Watts while it computes; absent where they are not known. */
  readonly activePower?: number;
  /** Multiply-accumulates a cycle and core, by weight × activation format. */
  readonly macsPerCycle?: Readonly<Record<string, number>>;
  /** Combinations of them that it cannot. */
  readonly limits?: readonly Limit[];
}

export const schemes = ['affine', 'symmetric'] as const;
export type Scheme = (typeof schemes)[number];
/** `per-group` and `per-block` take an argument. */
export const granularities = granularityKinds.map(({ name }) => name);
export type { Granularity };
/** What scales are. */
export const scaleWords = scaleKinds.map(({ name }) => name);
/** Whether signed integers use their smallest code. */
export const codeRanges = ['full-range', 'narrow-range'] as const;
export type CodeRangeWord = (typeof codeRanges)[number];
/** What may stand after `quantize`. */
export const recipes = ['auto'] as const;
/** What may become of what a model holds in codes already; `refuse`, the default, is none of them. */
export const stances = ['keep', 'requantize'] as const;
export const arithmetics = ['ort', 'tflite', 'gemmlowp', 'settle'] as const;

/** Not quantised: the one format word that is in no registry. */
export const float = 'float';

export function find<T extends { readonly name: string }>(
  words: readonly T[],
  name: string | undefined,
): T | undefined {
  return words.find((word) => word.name === name);
}

/** Members of families, made once: their levels are worked out. */
const members = new WeakMap<Vocabulary, Map<string, NumberFormat | undefined>>();

/** The format of a name, or of a family with arguments: `int8`, `float(e2m3)`; undefined where it is none, or they do not fit. */
export function formatOf(vocabulary: Vocabulary, name: string | undefined): NumberFormat | undefined {
  const named = find(vocabulary.formats, name);
  if (named !== undefined || name === undefined) return named;
  const known = members.get(vocabulary) ?? new Map<string, NumberFormat | undefined>();
  members.set(vocabulary, known);
  if (!known.has(name)) known.set(name, member(vocabulary, name));
  return known.get(name);
}

function member({ families }: Vocabulary, name: string): NumberFormat | undefined {
  const parts = splitName(name);
  const family = parts && find(families, parts.family);
  const made = family && memberOf(family, parts.given);
  return made === undefined || 'what' in made ? undefined : made;
}
