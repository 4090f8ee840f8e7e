import type { Finding } from '../findings.ts';
import type { DataType } from '../tensor.ts';

/**
 * All that a person, a spec or a target asks of a model, but the bytes of its weights: plain JSON, the same for the
 * language server, the command line and the viewer. Made by `summarize`.
 */
export interface ModelSummary {
  /** Grows when the meaning of a field changes; part of cache keys. */
  readonly version: 1;
  readonly name: string;
  readonly irVersion: number;
  readonly producer: string;
  /** Operator-set version per domain; the ONNX domain is ''. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly ValueSummary[];
  readonly outputs: readonly ValueSummary[];
  /** In topological order; nodes of subgraphs and of model-local functions are inside their caller. */
  readonly layers: readonly LayerSummary[];
  readonly totals: ModelTotals;
  readonly findings: readonly Finding[];
}

/** A dimension is a number, a name (`"N"`), or null (unknown). `shape` null: unknown rank. */
export type SummaryShape = readonly (number | string | null)[] | null;

export interface ValueSummary {
  readonly name: string;
  /** null: not known. */
  readonly dtype: DataType | null;
  readonly shape: SummaryShape;
}

export interface LayerInput extends ValueSummary {
  /** `constant`: an initializer; `absent`: an optional input left out (its name is empty). */
  readonly kind: 'activation' | 'constant' | 'absent';
}

export interface LayerSummary {
  /** Unique and stable; `Conv_12` where the file gives none. */
  readonly name: string;
  readonly op: string;
  /** '' for the ONNX domain. */
  readonly domain: string;
  readonly inputs: readonly LayerInput[];
  readonly outputs: readonly ValueSummary[];
  /** Of convolutions and pools, in the order of the spatial axes. */
  readonly kernel?: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** Begin values of all axes, then end values. */
  readonly pads?: readonly number[];
  readonly groups?: number;
  /** Attributes that are numbers, strings or lists of them, by name. */
  readonly attributes: Readonly<Record<string, number | string | readonly (number | string)[]>>;
  /** Elements of the constant inputs that are weights, biases or normalisation constants. */
  readonly parameters: number;
  /** Bytes of the weights as stored (packed for types of less than a byte), and of the bias. */
  readonly weightBytes: number;
  readonly biasBytes: number;
  /** For one execution with unknown dimensions taken as 1. */
  readonly macs: number;
  readonly operations: number;
  /** Bytes of the activations read and written, unknown dimensions taken as 1. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Names of the layers that read an output of this one; the model's outputs are not among them. */
  readonly consumers: readonly string[];
  /** Names of the layers whose outputs this one reads. */
  readonly producers: readonly string[];
  /** Part in quantisation; null: stays float. */
  readonly quantization: 'compute' | 'same-scale' | 'elementwise' | 'activation' | null;
  /** Index of the input that is the weight and of the one that is the bias; null where there is none. */
  readonly weightInput: number | null;
  readonly biasInput: number | null;
  /** `first` and `last` in topological order among the layers with `quantization` of `compute`. */
  readonly position: { readonly index: number; readonly first: boolean; readonly last: boolean };
  /** False where the operator is not registered or cannot be run. */
  readonly supported: boolean;
}

export interface ModelTotals {
  readonly layers: number;
  readonly computeLayers: number;
  readonly parameters: number;
  /** Bytes of all initializers as stored. */
  readonly constantBytes: number;
  readonly macs: number;
  readonly operations: number;
  /** Largest sum of live activations over the layers in order, unknown dimensions taken as 1. */
  readonly peakActivationBytes: number;
}
