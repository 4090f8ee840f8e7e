import type { TextRange } from './findings.ts';
import type { Granularity } from './formats/granularity.ts';

/**
 * What a spec resolves to: plain JSON, produced by the language, consumed by the engine. Neither imports the other's
 * internals. All paths are absolute.
 */
export interface Job {
  readonly spec: { readonly path: string; readonly hash: string };
  readonly model: string;
  /** What becomes of what a model holds in codes already; absent: such a model is refused where a plan would quantise it. */
  readonly quantized?: QuantizedStance;
  readonly data: Readonly<Record<string, DataSource>>;
  readonly targets: readonly TargetChoice[];
  /** Names of the passes that simplify the graph first, in their order; absent: all of them, in the engine's order. */
  readonly passes?: readonly string[];
  /** Absent when the spec has no `prune` block. */
  readonly prune?: PrunePlan;
  /** Absent when the spec has no `quantize` block. */
  readonly plan?: Plan;
  /** Absent when the spec has no `train` block. */
  readonly train?: TrainingPlan;
  readonly exports: readonly ExportRequest[];
  readonly expectations: readonly Expectation[];
}

/** `keep`: layers in codes stay as they are; `requantize`: the float network that the codes stand for is compressed. */
export type QuantizedStance = 'keep' | 'requantize';

/** `weight`, `bias`, `input[0]`, `output[0]` of a node. */
export type Role = 'weight' | 'bias' | `input[${number}]` | `output[${number}]`;

export interface Plan {
  readonly arithmetic: Arithmetic;
  /** Name of the backend whose placement of quantisers holds; absent: ONNX Runtime's. */
  readonly backend?: string;
  /** `auto`: what the choices leave open, and which layers need more bits, is found out by measuring (`engine/auto/`). */
  readonly recipe?: Recipe;
  /** The model is in codes already, and layers around them are in no choice. */
  readonly keepsCodes?: true;
  /** By node name, then role. A node or role without a choice stays float. */
  readonly nodes: Readonly<Record<string, Readonly<Partial<Record<Role, Choice>>>>>;
}

export type Recipe = 'auto';

/** How an accumulator becomes a code; see METHODS B3 and A1 and docs/architecture.md. */
export type Arithmetic = 'ort' | 'tflite' | 'gemmlowp' | 'settle';

export interface Choice {
  /** Name in the format registry (`int8`, `float(e2m3)`, …) or `float`. */
  readonly format: string;
  readonly scheme: 'affine' | 'symmetric';
  readonly granularity: Granularity;
  /** Name of a kind of scale (`power-of-two-scale`, …); absent: float32. */
  readonly scale?: string;
  /** Whether the smallest code of signed integers is used too; absent: not where the scheme is symmetric. */
  readonly codes?: 'full-range' | 'narrow-range';
  readonly observer: { readonly name: string; readonly arguments: Readonly<Record<string, number>> };
  /** Method by registry name with its arguments; absent: round to nearest. */
  readonly method?: { readonly name: string; readonly arguments: Readonly<Record<string, number>> };
  /** The spec forbids another format. */
  readonly locked?: true;
  /** For each field, the range in the spec that decided it; absent for a default. */
  readonly origin: Readonly<
    Partial<Record<'format' | 'scheme' | 'granularity' | 'scale' | 'codes' | 'observer' | 'method', TextRange>>
  >;
}

/** Names of the data that results are judged on; the first that a job has counts. */
export const evaluationNames = ['validation', 'evaluation', 'test', 'val'] as const;

/** Name of the data that is trained on unless a recipe names others. */
export const trainingName = 'training';

/** What is taken out of weights and layers before they are quantised. */
export interface PrunePlan {
  /** By node name. A node without a choice keeps all its weights. */
  readonly nodes: Readonly<Record<string, PruneChoice>>;
}

export interface PruneChoice {
  readonly amount: PruneAmount;
  /** What decides which weights go: a name in the registry of criteria. */
  readonly criterion: NamedCall;
  /** The range in the spec that decided each; absent for a default. */
  readonly origin: Readonly<Partial<Record<'amount' | 'criterion', TextRange>>>;
}

export type PruneAmount =
  /** Share of the weights that become zero. */
  | { readonly kind: 'weights'; readonly share: number }
  /** Share of the output channels that are cut out of the graph. */
  | { readonly kind: 'channels'; readonly share: number }
  /**
   * The layer becomes two of this rank: a number, a share of the rank that its weights can have, or the least that keeps this share of
   * their energy, the sum of the squares.
   */
  | { readonly kind: 'rank'; readonly by: 'count' | 'share' | 'energy'; readonly value: number }
  /** Of every `of` weights side by side along the inputs, as many are kept. */
  | { readonly kind: 'pattern'; readonly kept: number; readonly of: number };

export interface NamedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, number>>;
}

/** How the weights are to be trained once formats and masks are chosen; what is absent is left to the engine. */
export interface TrainingPlan {
  readonly epochs?: number;
  /** Updates of the weights, where they are stated instead of epochs. */
  readonly steps?: number;
  /** Samples of one update. */
  readonly batch?: number;
  /** Learning rate of every layer without one of its own. */
  readonly rate?: number;
  /** Weight decay. */
  readonly decay?: number;
  /** Largest norm of the gradient. */
  readonly clip?: number;
  /** Share of the old average that stays at each step of the weights' moving average. */
  readonly average?: number;
  /** Label smoothing. */
  readonly smoothing?: number;
  readonly seed: number;
  readonly optimizer?: NamedCall;
  readonly schedule?: NamedCall;
  /** Name of the data that is trained on; absent: `training`, else `calibration`. */
  readonly data?: string;
  readonly distil?: Distillation;
  /** By node name: layers that have a rate or a decay of their own, or stay as they are. */
  readonly nodes: Readonly<Record<string, LayerTraining>>;
}

export interface Distillation {
  /** Share of the loss that follows the teacher; the rest follows the labels. */
  readonly share: number;
  readonly temperature: number;
  /** Absolute path of a model; absent: the float model itself. */
  readonly teacher?: string;
}

export interface LayerTraining {
  readonly rate?: number;
  readonly decay?: number;
  /** Its weights stay as they are. */
  readonly frozen?: boolean;
  readonly origin: Readonly<Partial<Record<'rate' | 'decay' | 'frozen', TextRange>>>;
}

export interface DataSource {
  /** `calibration`, `validation`, … */
  readonly name: string;
  readonly kind: 'images' | 'npz' | 'npy' | 'onnx-pb';
  /** Absolute path or glob (`images` only). */
  readonly path: string;
  readonly range?: TextRange;
  /** Model input fed; absent: the model's only input. */
  readonly input?: string;
  /** Array name inside an `npz`. */
  readonly array?: string;
  /**
   * `npz` only: `array` is a byte array of encoded images (JPEG, PNG) laid end to end, and this array holds where each
   * begins, the end of the last included: sample i is bytes offsets[i] to offsets[i+1].
   */
  readonly offsets?: string;
  readonly labels?:
    | { readonly kind: 'array'; readonly array: string; readonly offset: number }
    | { readonly kind: 'folder'; readonly offset: number }
    | { readonly kind: 'file'; readonly path: string; readonly offset: number };
  /** Order of the steps is fixed: resize, crop, channels, scale, mean, std, layout. */
  readonly resize?:
    | { readonly kind: 'shortest'; readonly size: number }
    | { readonly kind: 'exact'; readonly width: number; readonly height: number };
  readonly filter?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos' | 'box';
  readonly crop?: { readonly width: number; readonly height: number };
  readonly channels?: 'rgb' | 'bgr' | 'gray';
  /** What the stored arrays are and what the model wants; images decode as nhwc. */
  readonly layout?: { readonly from: string; readonly to: string };
  /** x·scale, then − mean, then ÷ std. */
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly skip?: number;
  readonly take?: number;
  readonly seed: number;
  /** Index file (JSON) that fixes the samples. */
  readonly split?: { readonly path: string; readonly part?: string };
}

export interface TargetChoice {
  readonly name: string;
  readonly range?: TextRange;
  readonly budgets: readonly Budget[];
}

export interface Budget {
  readonly quantity: 'flash' | 'ram' | 'latency' | 'energy' | 'size';
  readonly comparison: '<=' | '<' | '>=' | '>';
  /** Bytes, seconds or joules. */
  readonly limit: number;
  readonly range?: TextRange;
}

export interface ExportRequest {
  readonly kind: 'onnx';
  /** `qdq`, `float`. */
  readonly style: string;
  readonly path: string;
  readonly options: Readonly<Record<string, number | string>>;
  readonly range?: TextRange;
}

export interface Expectation {
  /** The line as written, for the report. */
  readonly text: string;
  /** `top1`, `top5`, `size`, `latency`, `flash`, `ram`, `sqnr`. */
  readonly quantity: string;
  /** Compare the value itself, or its drop against float in points or as a fraction. */
  readonly measure: 'value' | 'drop-points' | 'drop-relative';
  readonly comparison: '<=' | '<' | '>=' | '>' | '==';
  /** In base units: bytes, seconds, joules, fraction (points: percentage points). */
  readonly limit: number;
  readonly range?: TextRange;
}
