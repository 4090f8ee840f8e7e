import type { Placement } from '../../engine/backends/backend.ts';
import { backendNamed } from '../../engine/backends/registry.ts';
import { findFormat } from '../../engine/formats/registry.ts';
import type { CallValue, Setting } from '../resolve/fields.ts';
import { defaults } from '../resolve/plan.ts';
import type { RoleState, RuleResolution } from '../resolve/rules.ts';
import { float } from '../vocabulary.ts';
import { constant, type Flow } from './flow.ts';
import { type Asked, type Placed, placeWhereRead } from './placement.ts';

/** What the rules make of a model's tensors: which layers run on codes, in which codes each tensor is held, who shares a scale. */
export interface Codes {
  /** 1: the layer reads codes. Wherever a backend leaves codes only where they are read, it may give floats all the same. */
  readonly runs: Uint8Array;
  /** By slot: identity of format and scheme together; 0: float. */
  readonly written: Int32Array;
  /** By layer: what it asks of its data inputs, in the same numbers. */
  readonly wanted: Int32Array;
  /** By layer that runs on codes and has weights: theirs, in the same numbers; 0 for others. */
  readonly weights: Int32Array;
  /** Format and scheme of a number. */
  readonly kinds: readonly CodeKind[];
  /** Whose words decide the range that a slot is held with: its own state, or that of a slot that it shares a scale with. */
  rangeOf(slot: number): RoleState;
  /** For each data input that is read in codes of its own, its own range; else that of the slot. */
  readsOwn(layer: number, input: number): boolean;
}

export interface CodeKind {
  readonly format: string;
  readonly scheme: string;
}

/** Follows `layOut` of `engine/quantize/layout.ts` step by step, over arrays. */
export function codesOf(flow: Flow, { states }: RuleResolution, placement: Placement = defaultPlacement): Codes {
  const n = flow.layers;
  const { forms, sources } = flow;
  const kinds = new KindTable();
  const inputs = new Int32Array(n);
  const outputs = new Int32Array(n);
  const weights = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    // Of what has no form in this model the outputs may be rounded for layers that read them.
    if (!forms[i] && flow.reasons[i] === undefined) continue;
    const state = states[i]!;
    outputs[i] = kinds.of(state.outputs);
    if (!forms[i]) continue;
    inputs[i] = kinds.of(state.inputs);
    weights[i] = forms[i]!.kind === 'compute' ? kinds.ofWeights(state.weights) : 0;
  }
  const asked = { inputs, outputs, weights };
  const placed = placement.writes === 'always' ? placeAlways(flow, asked) : placeWhereRead(flow, placement, asked);
  const { reads: runs, skips, writes, clampedBy } = placed;

  const written = new Int32Array(n + flow.inputs.length);
  const shares = new Shares(n + flow.inputs.length);
  const deciding: (RoleState | undefined)[] = new Array(n + flow.inputs.length).fill(undefined);
  const own = new Set<number>();
  for (let i = 0; i < n; i++) {
    if (runs[i] === 0 || clampedBy[i] !== 0) continue;
    for (const [k, source] of sources[i]!.entries()) {
      if (source >= n && k !== skips[i] && writes[source] === 1 && deciding[source] === undefined) {
        written[source] = inputs[i]!;
        deciding[source] = states[i]!.inputs;
      }
    }
  }
  for (let i = 0; i < n; i++) {
    if (runs[i] === 0 && writes[i] === 0) continue;
    if (clampedBy[i] !== 0) {
      const before = clampedBy[i]! - 1;
      written[i] = written[before]!;
      deciding[i] = states[before]!.outputs;
      shares.join(before, i);
      continue;
    }
    if (writes[i] === 1) {
      written[i] = outputs[i]!;
      deciding[i] = states[i]!.outputs;
    }
    if (runs[i] === 0) continue;
    const sameScale = forms[i]!.kind === 'same-scale';
    for (let k = 0; k < sources[i]!.length; k++) {
      const source = sources[i]![k]!;
      if (k === skips[i]) continue;
      const wants = sameScale || source === constant ? outputs[i]! : inputs[i]!;
      let read = source;
      if (wants === 0) continue;
      if (source === constant || written[source] !== wants) {
        read = shares.open();
        deciding[read] = sameScale || source === constant ? states[i]!.outputs : states[i]!.inputs;
        own.add(i * mostInputs + k);
      }
      if (sameScale) shares.join(read, i);
    }
  }
  return {
    runs,
    written,
    wanted: Int32Array.from(inputs, (kind, i) => (forms[i]?.kind === 'same-scale' ? outputs[i]! : kind)),
    weights,
    kinds: kinds.list,
    rangeOf: (slot) => deciding[shares.root(slot)]!,
    readsOwn: (layer, input) => own.has(layer * mostInputs + input),
  };
}

const defaultPlacement = backendNamed(undefined).placement;

/** Codes wherever a layer can run on them: then it leaves them too. */
function placeAlways(flow: Flow, { inputs, outputs, weights }: Asked): Placed {
  const { layers: n, forms, clamps } = flow;
  const lacks = (i: number): boolean => {
    const { kind } = forms[i]!;
    if (kind === 'compute' && weights[i] === 0) return true;
    if (flow.typed[i] === 0 || outputs[i] === 0) return true;
    return inputs[i] === 0 && flow.reads[i] === 1;
  };
  const runs = new Uint8Array(n);
  const clampedBy = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const form = forms[i];
    if (!form) continue;
    if (!lacks(i)) {
      runs[i] = 1;
      const clamp = clamps[i]!;
      if (clamp >= 0 && outputs[clamp] !== 0) clampedBy[clamp] = i + 1;
    } else if (clampedBy[i] !== 0) runs[i] = 1;
  }
  settle(flow, runs);
  for (let i = 0; i < n; i++) if (clampedBy[i] !== 0 && runs[clampedBy[i]! - 1] === 0) clampedBy[i] = 0;
  const writes = new Uint8Array(n + flow.inputs.length).fill(1);
  writes.set(runs);
  return { reads: runs, skips: new Int32Array(n).fill(-1), writes, clampedBy };
}

/** A bound for keys; no operator of this kind has that many inputs. */
const mostInputs = 1 << 20;

/** Takes out of `runs` what only moves codes that nothing computes with, as `settle` of the engine's layout does. */
function settle({ forms, sources, layers: n }: Flow, runs: Uint8Array): void {
  const fed = new Uint8Array(n);
  const used = new Uint8Array(n);
  for (let changed = true; changed; ) {
    changed = false;
    const drop = (i: number) => {
      runs[i] = 0;
      changed = true;
    };
    for (let i = 0; i < n; i++) {
      if (runs[i] === 0 || forms[i]!.kind === 'compute') continue;
      let reached = false;
      for (const source of sources[i]!) if (source >= n || (source !== constant && runs[source] === 1)) reached = true;
      if (!reached) drop(i);
    }
    fed.fill(0);
    used.fill(0);
    for (let i = 0; i < n; i++) {
      if (runs[i] === 0) continue;
      if (computes(forms[i]!) || sources[i]!.some((source) => source < n && source >= 0 && fed[source] === 1))
        fed[i] = 1;
    }
    for (let i = n - 1; i >= 0; i--) {
      if (runs[i] === 0) continue;
      if (computes(forms[i]!)) used[i] = 1;
      if (used[i] === 1) for (const source of sources[i]!) if (source < n && source >= 0) used[source] = 1;
    }
    for (let i = 0; i < n; i++) if (runs[i] === 1 && fed[i] === 0 && used[i] === 0) drop(i);
  }
}

function computes({ kind }: NonNullable<Flow['forms'][number]>): boolean {
  return kind === 'compute' || kind === 'elementwise';
}

export function isCoded({ fields }: RoleState): boolean {
  return fields.format !== undefined && fields.format.value !== float;
}

/** The observer that holds: its words, or the default. */
export function observerOf({ fields }: RoleState): CallValue {
  return (fields.observer as Setting<CallValue> | undefined)?.value ?? defaults.observer;
}

interface Answer {
  readonly format: unknown;
  readonly scheme: unknown;
  readonly kind: number;
}

/** Numbers of format and scheme together, in the order of their first use. */
class KindTable {
  readonly list: CodeKind[] = [{ format: float, scheme: '' }];
  readonly #known = new Map<string, number>();
  /** Settings are shared by all layers that a statement sets them for: mostly the answer is the one before. */
  #last: Answer | undefined;
  #lastWeights: Answer | undefined;

  of({ fields: { format, scheme } }: RoleState): number {
    if (this.#last && this.#last.format === format && this.#last.scheme === scheme) return this.#last.kind;
    const kind = this.#number(format?.value as string | undefined, scheme?.value as string | undefined);
    this.#last = { format, scheme, kind };
    return kind;
  }

  /** Signed weights are symmetric unless the spec says otherwise. */
  ofWeights({ fields: { format, scheme } }: RoleState): number {
    const last = this.#lastWeights;
    if (last && last.format === format && last.scheme === scheme) return last.kind;
    const name = format?.value as string | undefined;
    const kind = this.#number(name, (scheme?.value as string | undefined) ?? schemeOfWeights(name));
    this.#lastWeights = { format, scheme, kind };
    return kind;
  }

  #number(format: string | undefined, scheme = 'affine'): number {
    if (format === undefined || format === float) return 0;
    const key = `${format} ${scheme}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.list.length);
    return this.list.push({ format, scheme }) - 1;
  }
}

function schemeOfWeights(format: string | undefined): string {
  return format !== undefined && findFormat(format)?.signed === false ? 'affine' : 'symmetric';
}

/** Slots that share a scale: the first of two that are joined decides for both. */
class Shares {
  readonly #parents: number[];

  constructor(slots: number) {
    this.#parents = Array.from({ length: slots }, (_, slot) => slot);
  }

  open(): number {
    return this.#parents.push(this.#parents.length) - 1;
  }

  root(slot: number): number {
    const parents = this.#parents;
    let at = slot;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  join(first: number, second: number): void {
    this.#parents[this.root(second)] = this.root(first);
  }
}
