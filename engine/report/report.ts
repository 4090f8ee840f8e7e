import type { Finding } from '../findings.ts';
import type { ArithmeticCost } from '../hardware/arithmetic-cost.ts';
import type { ComparisonMetrics } from '../run/metrics.ts';

/**
 * All that one run has to tell, as plain JSON. The terminal, the HTML file, the editor's report view and `--json` render
 * this and nothing else. Sizes are bytes, times seconds, ratios and accuracies fractions.
 */
export interface Report {
  readonly version: 1;
  readonly tool: { readonly name: 'qspec'; readonly version: string };
  readonly title: string;
  readonly spec: Provenance | undefined;
  readonly model: Provenance;
  readonly calibration: CalibrationReport | undefined;
  readonly size: SizeReport;
  readonly accuracy: AccuracyReport | undefined;
  readonly layers: readonly LayerReport[];
  readonly targets: readonly TargetReport[];
  readonly expectations: readonly ExpectationReport[];
  readonly verification: VerificationReport | undefined;
  readonly files: readonly FileReport[];
  readonly findings: readonly Finding[];
  readonly stages: readonly StageReport[];
}

export interface Provenance {
  /** As a person would name it: relative to the spec's folder, or the file's name. */
  readonly path: string;
  /** SHA-256 of the bytes. */
  readonly hash: string;
}

export interface CalibrationReport {
  readonly data: string;
  readonly samples: number;
  readonly dataHash: string;
  /** Observers in use with how many tensors each: `mse` 24, `min-max` 3. */
  readonly observers: readonly { readonly name: string; readonly tensors: number }[];
}

export interface SizeReport {
  /** Files, with external data. */
  readonly before: number;
  readonly after: number;
  readonly parameters: number;
  /** Of the layers, whatever machine runs them. */
  readonly arithmetic: { readonly before: ArithmeticCost; readonly after: ArithmeticCost };
}

export interface AccuracyReport {
  readonly data: string;
  readonly dataHash: string;
  /** What was run after compression: `onnxruntime-web 1.30.0` with the exported file, or the engine itself. */
  readonly runtime: string;
  /** The float model against the compressed one. SQNR is of the logits where the model ends in a Softmax. */
  readonly metrics: ComparisonMetrics;
  readonly measuredOn: 'logits' | 'outputs';
}

export interface LayerReport {
  readonly name: string;
  readonly op: string;
  /** Layers folded into this one, such as a batch normalisation and a Relu. */
  readonly absorbed: readonly string[];
  readonly weight: string | undefined;
  readonly input: string;
  readonly output: string;
  /** Signal to quantisation noise of the weights alone, decibels. */
  readonly weightSqnr: number | undefined;
  /** Of the layer's output, with all layers before it compressed too, on calibration samples. */
  readonly outputSqnr: number | undefined;
  /** Share of the weights that are zero; absent where nothing was pruned. */
  readonly zeros?: number;
  readonly parameters: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly macs: number;
  /** Absent where the weights stay as they are, as the histogram is. */
  readonly weights?: WeightReport;
  readonly weightHistogram?: TensorHistogram;
  /** Of the output, on the same samples as `outputSqnr`. */
  readonly outputHistogram?: TensorHistogram;
}

/** What became of a layer's weights. */
export interface WeightReport {
  /** Smallest and largest float value, and of what the codes stand for; zero is in both. */
  readonly range: readonly [min: number, max: number];
  readonly reached: readonly [min: number, max: number];
  /** Share of exact zeros. */
  readonly zeros: readonly [before: number, after: number];
  /** Codes that occur, of those that the format has. */
  readonly levels: { readonly used: number; readonly of: number };
  /** Decibels, by output channel. */
  readonly channelSqnr: readonly number[];
}

/**
 * Counts of one tensor's values in equal bins from `low` to `high`: float, and what its codes stand for. The outermost
 * bins hold what lies beyond them too.
 */
export interface TensorHistogram {
  /** `step`: each channel's values are counted in its own scale, from its zero point; channels share no other grid. */
  readonly unit: 'value' | 'step';
  readonly low: number;
  readonly high: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Values counted: the finite ones. */
  readonly count: number;
  /** Share of the float values that the codes do not reach: more than half a step beyond the last level. */
  readonly clipped: number;
  /** Format whose levels are no even steps of one scale. Absent with `codes` too: the tensor stays float. */
  readonly format?: string;
  /** Levels in even steps. */
  readonly codes?: {
    readonly format: string;
    /** Smallest and largest over the channels. */
    readonly scale: readonly [smallest: number, largest: number];
    /** null: channels differ. */
    readonly zeroPoint: number | null;
    readonly channels: number;
    /** Distance of two levels, and the outermost ones, in the histogram's unit. */
    readonly step: number;
    readonly levels: readonly [lowest: number, highest: number];
  };
}

export interface TargetReport {
  readonly name: string;
  readonly title: string;
  readonly before: TargetFigures;
  readonly after: TargetFigures;
  readonly flashLimit: number | undefined;
  readonly ramLimit: number | undefined;
  readonly budgets: readonly Judgement[];
  readonly basis: readonly string[];
}

export interface TargetFigures {
  readonly latency: number;
  /** Joules; absent where the target has no model of energy. */
  readonly energy?: number;
  readonly flash: number;
  readonly ram: number;
}

/** A limit, what was found, and whether it holds; `passed` undefined: it could not be judged. */
export interface Judgement {
  readonly text: string;
  readonly passed: boolean | undefined;
  /** The value found, with its unit, as a person reads it; or why there is none. */
  readonly found: string;
}

export type ExpectationReport = Judgement;

export interface VerificationReport {
  readonly runtime: string;
  readonly version: string;
  readonly levels: readonly {
    readonly level: 'all' | 'disabled';
    readonly operators: readonly { readonly op: string; readonly count: number }[];
    readonly floatCompute: readonly string[];
  }[];
  /** Top-1 agreement and SQNR between the runtime's two optimisation levels. */
  readonly betweenLevels: ComparisonMetrics | undefined;
  /** The engine's own integer execution against the runtime. */
  readonly integerExecution: ComparisonMetrics | undefined;
}

export interface FileReport {
  readonly path: string;
  readonly bytes: number;
  /** `ONNX, QDQ`, `report`, … */
  readonly kind: string;
}

export interface StageReport {
  readonly name: string;
  readonly seconds: number;
}
