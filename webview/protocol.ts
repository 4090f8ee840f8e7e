/**
 * All that a webview and its host say to each other, as discriminated unions on `kind`. A payload is a complete snapshot
 * of its part, never a delta: a webview that was hidden and comes back has missed nothing. The host formats quantities,
 * so that a webview draws text and needs no arithmetic of the engine's; a `Figure` carries the number beside it to sort
 * and scale by. All text may come from a hostile model or spec: it goes in as text, never as markup.
 */

/** A quantity as it is shown, and its number (null: not known; sorts last). */
export interface Figure {
  readonly text: string;
  readonly value: number | null;
}

export interface FindingView {
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

/** What a person can be offered to do; the host carries it out. */
export type ViewAction =
  | 'quantize'
  | 'createSpec'
  | 'measureSensitivity'
  | 'cancelSensitivity'
  | 'openReport'
  | 'openGraph'
  | 'openSpec'
  | 'openReportFile'
  | 'manageTrust'
  | 'retry';

/** Instead of content: what is wrong, why, what to do, and the actions that help. */
export interface NoticeMessage {
  readonly kind: 'notice';
  readonly tone: 'loading' | 'failed' | 'untrusted';
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
  readonly actions: readonly { readonly action: ViewAction; readonly label: string }[];
}

// ---- graph

export interface GraphValue {
  /** Name of the value (tensor); edges join a producer's output with the inputs of that name. */
  readonly name: string;
  /** `float32 1×3×224×224`, `?` where unknown. */
  readonly type: string;
}

export interface GraphInput extends GraphValue {
  /** `absent`: an optional input left out; its name is empty. */
  readonly kind: 'activation' | 'constant' | 'absent';
}

export interface GraphLayer {
  /** Unique and stable: the layer's name in specs and reports. */
  readonly name: string;
  /** Operator type, with its domain where that is not ONNX's own: `Conv`, `com.microsoft.Gelu`. */
  readonly op: string;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphValue[];
  /** Attribute or property (kernel, strides, …) and its value. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly parameters: Figure;
  readonly macs: Figure;
  readonly bytes: Figure;
  /** Part in quantisation; null: stays float. */
  readonly quantization: 'compute' | 'same-scale' | 'elementwise' | 'activation' | null;
  /** False: the engine has no such operator. */
  readonly supported: boolean;
}

export interface GraphMessage {
  readonly kind: 'graph';
  readonly title: string;
  /** One line about the whole: `27 layers · 1.24 M parameters · 328 M MACs · opset 7`. */
  readonly subtitle: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** In topological order. */
  readonly layers: readonly GraphLayer[];
  readonly findings: readonly FindingView[];
  /** Actions that the toolbar offers here. */
  readonly actions: readonly { readonly action: ViewAction; readonly label: string }[];
}

/** How much each layer suffers from quantisation: the colours of the graph. */
export interface SensitivityMessage {
  readonly kind: 'sensitivity';
  readonly state:
    | { readonly kind: 'none' }
    /** `share` 0 to 1, or null while unknown; `text` says the stage and the time left. */
    | { readonly kind: 'running'; readonly text: string; readonly share: number | null }
    | { readonly kind: 'failed'; readonly what: string; readonly fix?: string }
    | {
        readonly kind: 'done';
        /** What was measured, in a sentence: `Signal to noise at the output with one layer quantised, digits.qspec, 16 samples`. */
        readonly basis: string;
        readonly layers: readonly LayerSensitivityView[];
      };
}

export interface LayerSensitivityView {
  readonly layer: string;
  /** The layer that it is folded into and quantised with, whose figure it shows; null: none. */
  readonly foldedInto: string | null;
  /** Decibels; more is better. `value` null: exact (infinite). */
  readonly sqnr: Figure;
  /** Formats chosen for it, `int8 weights, uint8 activations`. */
  readonly formats: string;
}

/** Selects a layer and brings it into view. */
export interface RevealMessage {
  readonly kind: 'reveal';
  readonly layer: string;
}

// ---- report

export interface JudgementView {
  readonly text: string;
  /** null: could not be judged. */
  readonly passed: boolean | null;
  readonly found: string;
}

/** Before and after of one figure of merit, as a card shows it. */
export interface ReportCard {
  readonly title: string;
  readonly before: string | null;
  readonly after: string;
  /** Lines of small print. */
  readonly notes: readonly string[];
  /** A bar: `after` as a share of `before`. */
  readonly share?: number;
  /** A change with its 95 % interval, in percentage points. */
  readonly interval?: { readonly value: number; readonly low: number; readonly high: number };
}

/** Counts of one tensor's values in equal bins from `low` to `high`, float and as quantised. */
export interface HistogramView {
  /** `weights`, `output`. */
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** What the axis counts: `value`, `steps of each channel’s scale`. */
  readonly axis: string;
  /** What codes stand for: the outermost levels and their distance, on the axis; absent where the tensor stays float. */
  readonly levels?: { readonly low: number; readonly high: number; readonly step: number };
  /** Small print: format, scale, number of values, share clipped. */
  readonly notes: readonly string[];
}

export interface ReportLayer {
  readonly name: string;
  readonly op: string;
  /** Layers folded into this one. */
  readonly absorbed: readonly string[];
  /** Format of the weights; empty where there are none. */
  readonly weight: string;
  readonly input: string;
  readonly output: string;
  readonly weightSqnr: Figure;
  readonly outputSqnr: Figure;
  readonly bytesBefore: Figure;
  readonly bytesAfter: Figure;
  readonly macs: Figure;
  readonly histograms: readonly HistogramView[];
}

export interface ReportMessage {
  readonly kind: 'report';
  /** What the page must remember (as `id` of its state) for a window that reloads to find the report again. */
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly cards: readonly ReportCard[];
  readonly judgements: readonly JudgementView[];
  readonly findings: readonly FindingView[];
  readonly layers: readonly ReportLayer[];
  readonly hardware: readonly {
    readonly target: string;
    readonly rows: readonly { readonly quantity: string; readonly before: string; readonly after: string }[];
    readonly basis: readonly string[];
  }[];
  /** Facts of the runtime's verification, and where everything comes from: name and value. */
  readonly runtime: readonly (readonly [name: string, value: string])[];
  readonly provenance: readonly (readonly [name: string, value: string])[];
  readonly files: readonly { readonly path: string; readonly size: string; readonly about: string }[];
  readonly actions: readonly { readonly action: ViewAction; readonly label: string }[];
}

export type ToWebview = NoticeMessage | GraphMessage | SensitivityMessage | RevealMessage | ReportMessage;

export type FromWebview =
  /** The webview's script runs and waits for its snapshots. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'action'; readonly action: ViewAction }
  /** A layer was selected (null: none). */
  | { readonly kind: 'select'; readonly layer: string | null }
  /** A layer of the report is to be shown in the graph. */
  | { readonly kind: 'showInGraph'; readonly layer: string }
  | { readonly kind: 'copy'; readonly text: string }
  /** A fault of the webview's own script, for the log. */
  | { readonly kind: 'fault'; readonly message: string };
