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
  /** `empty`: there is nothing to show, and nothing is wrong. */
  readonly tone: 'loading' | 'failed' | 'untrusted' | 'empty';
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
  /** `absent`: an optional input left out; its name is empty. `captured`: read by the layer's body from the graph around it. */
  readonly kind: 'activation' | 'constant' | 'absent' | 'captured';
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
  readonly quantization: 'compute' | 'weight-only' | 'same-scale' | 'elementwise' | 'activation' | null;
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
  /** Rules for its layers can be written: it is a file of the workspace. */
  readonly takesRules: boolean;
}

/** What the host says of the layers that are selected in the graph. */
export interface SelectionMessage {
  readonly kind: 'selection';
  /** The layers that it is about: an answer to an earlier selection is not shown. */
  readonly layers: readonly string[];
  /** Of all of them together: parameters, MACs, weights. */
  readonly totals: readonly (readonly [name: string, value: string])[];
  /** Heads of rules that select exactly these layers; the first says most with least. */
  readonly heads: readonly string[];
  /** Why no format can be chosen for them; null: one can. */
  readonly refusal: string | null;
}

/** The rule at the cursor of a spec that is open beside the graph. */
export interface RuleAtCursorMessage {
  readonly kind: 'ruleAtCursor';
  /** null: the cursor is in no rule, or no such spec is shown. */
  readonly rule: { readonly spec: string; readonly line: number; readonly text: string } | null;
  readonly layers: readonly string[];
}

/** What is other in this graph than in another version of the model that is shown beside it. */
export interface ComparisonMessage {
  readonly kind: 'comparison';
  /** The other version, for a person: `HEAD`; null: there is none, and nothing is marked. */
  readonly against: string | null;
  /** Of layers, from the older version to the newer one. */
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number };
  /** Layers of this graph. */
  readonly layers: readonly LayerChange[];
}

export interface LayerChange {
  readonly layer: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of a changed layer. */
  readonly differences: readonly (readonly [name: string, before: string, after: string])[];
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

/** Selects layers and brings the first into view. */
export interface RevealMessage {
  readonly kind: 'reveal';
  readonly layers: readonly string[];
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
  /** What became of the weights, in words; empty where they stay as they are. */
  readonly weightFacts: readonly string[];
  /** Decibels by output channel; null: exact. */
  readonly channelSqnr: readonly (number | null)[];
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
  /** What to look at, the gravest first. */
  readonly findings: readonly FindingView[];
  /** What the recipe chose, in order. */
  readonly choices: readonly FindingView[];
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

// ---- plan

/** Layers from one, inclusive, to another, exclusive, by index. */
export type LayerSpan = readonly [from: number, to: number];

/** A statement of the spec's `quantize` block; rows refer to it by its index. */
export interface PlanRuleView {
  /** Head of a rule, or a whole statement about all layers. */
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
  /** A statement about all layers, outside of any rule. */
  readonly ofAll: boolean;
  readonly decides: readonly LayerSpan[];
  /** It sets something there, but a later statement or a lock decides all of it. */
  readonly overridden: readonly LayerSpan[];
  /** It matches these layers, but they have nothing of what it sets. */
  readonly idle: readonly LayerSpan[];
}

/** What layers get, and why. */
export interface PlanVerdictView {
  /** Format of the weights, and how they are scaled; empty where there are none. */
  readonly weights: string;
  readonly weightsHow: string;
  /** Of input and output: `uint8`, `uint8 → float`; empty where nothing is said of them. */
  readonly activations: string;
  /** All of it, role by role. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Why nothing of a layer is quantised, in few words and in a sentence. */
  readonly float: { readonly short: string; readonly why: string } | null;
  /** Indices of the statements that decide something, in the order of the file, and what. */
  readonly by: readonly { readonly rule: number; readonly what: string }[];
  /** The one of them that a person would look for. */
  readonly decider: number | null;
}

export interface PlanRowView {
  readonly name: string;
  readonly op: string;
  /** Of the output: `1×16×16×16`. */
  readonly shape: string;
  /** Number of the block that it is part of; null: it is in none. */
  readonly block: number | null;
  readonly parameters: Figure;
  readonly bytesBefore: Figure;
  readonly bytesAfter: Figure;
  readonly timeBefore: Figure;
  readonly timeAfter: Figure;
  /** Index of its verdict. */
  readonly verdict: number;
}

export interface PlanMessage {
  readonly kind: 'plan';
  /** What the page must remember (as `id` of its state) for a window that reloads to find the spec again. */
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  /** What times are estimated for; null: the spec names no target, and there are no times. */
  readonly target: string | null;
  readonly rules: readonly PlanRuleView[];
  readonly verdicts: readonly PlanVerdictView[];
  /** In topological order. */
  readonly rows: readonly PlanRowView[];
  readonly totals: Omit<PlanRowView, 'name' | 'op' | 'shape' | 'block' | 'verdict'>;
}

/** What changes around a plan while its table stays: it is small, and comes with every move of the cursor. */
export interface PlanStateMessage {
  readonly kind: 'planState';
  /** The view stays with its spec when another is edited. */
  readonly pinned: boolean;
  /** Why the table is of an earlier text; null: it is of the present one. */
  readonly note: string | null;
  /** Index of the statement at the cursor. */
  readonly rule: number | null;
}

export type ToWebview =
  | NoticeMessage
  | GraphMessage
  | SensitivityMessage
  | SelectionMessage
  | RuleAtCursorMessage
  | ComparisonMessage
  | RevealMessage
  | ReportMessage
  | PlanMessage
  | PlanStateMessage;

export type FromWebview =
  /** The webview's script runs and waits for its snapshots. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'action'; readonly action: ViewAction }
  /** These layers are selected now. */
  | { readonly kind: 'select'; readonly layers: readonly string[] }
  /** A rule for the selected layers is to be added: by which of the heads offered for them, and whether they are to stay float. */
  | { readonly kind: 'addRule'; readonly head: number; readonly keepFloat: boolean }
  /** A layer of the report is to be shown in the graph. */
  | { readonly kind: 'showInGraph'; readonly layer: string }
  /** A statement of the plan, by index, is to be selected in the spec; `focus`: the person goes there. */
  | { readonly kind: 'goToRule'; readonly rule: number; readonly focus: boolean }
  | { readonly kind: 'pin'; readonly pinned: boolean }
  | { readonly kind: 'copy'; readonly text: string }
  /** A fault of the webview's own script, for the log. */
  | { readonly kind: 'fault'; readonly message: string };
