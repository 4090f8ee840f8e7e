import type { Limit } from '../engine/quantize/limits.ts';

/**
 * The words that the engine's registries lend to the language. The rows of those registries have this shape themselves,
 * so that what the engine learns the language knows with no further line.
 */
export interface Vocabulary {
  readonly formats: readonly FormatWord[];
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

export interface FormatWord extends VocabularyWord {
  /** Absent: `integer`. */
  readonly kind?: 'integer' | 'grid' | 'codebook';
  readonly signed: boolean;
  readonly bits: number;
  /** Lowest ONNX operator set whose QuantizeLinear takes it. */
  readonly minOpset: number;
  /** Smallest and largest code of an integer format, the ONNX element type that holds a code, and its bits in a file. */
  readonly low?: number;
  readonly high?: number;
  readonly dtype?: string;
  readonly storageBits?: number;
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
  /** Multiply-accumulates a cycle and core, by weight × activation format. */
  readonly macsPerCycle?: Readonly<Record<string, number>>;
  /** Combinations of them that it cannot. */
  readonly limits?: readonly Limit[];
}

export const schemes = ['affine', 'symmetric'] as const;
export type Scheme = (typeof schemes)[number];
export const granularities = ['per-tensor', 'per-channel'] as const;
export type Granularity = (typeof granularities)[number];
export const arithmetics = ['ort', 'tflite', 'gemmlowp', 'settle'] as const;

/** Not quantised: the one format word that is in no registry. */
export const float = 'float';

export function find<T extends { readonly name: string }>(
  words: readonly T[],
  name: string | undefined,
): T | undefined {
  return words.find((word) => word.name === name);
}
