import type { Placement } from '../../engine/backends/backend.ts';
import { constant, type Flow } from './flow.ts';

/** What the rules ask of layers: numbers of format and scheme, 0 for float. */
export interface Asked {
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
  readonly weights: Int32Array;
}

/** Which layers read codes and which leave them, as `Placed` of the engine. */
export interface Placed {
  /** By layer. */
  readonly reads: Uint8Array;
  /** By layer: the place among its sources of the one that it reads in float all the same; −1. */
  readonly skips: Int32Array;
  /** By slot. */
  readonly writes: Uint8Array;
  /** By layer: the one that clamps for it, plus one. */
  readonly clampedBy: Int32Array;
}

/** Follows `placeWhereRead` of `engine/quantize/placement.ts`, over arrays. */
export function placeWhereRead(
  flow: Flow,
  { reads: families, rounds, addsAccumulators }: Placement,
  { inputs, outputs, weights }: Asked,
): Placed {
  const { layers: n, forms, sources, clamps } = flow;
  const slots = n + flow.inputs.length;
  const reads = new Uint8Array(n);
  const skips = new Int32Array(n).fill(-1);
  const writes = new Uint8Array(slots);
  const clampedBy = new Int32Array(n);
  /** By slot: how many read it in codes. */
  const coded = new Int32Array(slots);
  const isWanted = (slot: number) =>
    rounds === 'tensor'
      ? coded[slot]! > 0
      : coded[slot]! > 0 && coded[slot] === flow.readers[slot] && !flow.given[slot];
  const mayRead = (i: number): boolean => {
    const form = forms[i];
    if (!form || flow.typed[i] === 0 || !families.includes(flow.families[i]!)) return false;
    if (form.kind === 'compute' && weights[i] === 0) return false;
    return inputs[i] !== 0 || flow.reads[i] === 0;
  };
  for (let i = n - 1; i >= 0; i--) {
    const candidate = mayRead(i);
    const kind = forms[i]?.kind;
    const computes = candidate && (kind === 'compute' || kind === 'elementwise');
    const clamp = computes ? clamps[i]! : -1;
    const isClamped = clamp >= 0 && writes[clamp] === 1;
    if (outputs[i] !== 0 && (isClamped || isWanted(i))) writes[i] = 1;
    if (!candidate || (!computes && writes[i] === 0)) continue;
    if (kind === 'activation' && !(sources[i]![0]! >= 0 && sources[i]![0]! < n && mayRead(sources[i]![0]!))) continue;
    reads[i] = 1;
    if (addsAccumulators) skips[i] = accumulatorOf(flow, i);
    for (const [k, source] of sources[i]!.entries()) if (source !== constant && k !== skips[i]) coded[source]!++;
    if (!isClamped || writes[i] === 0) continue;
    clampedBy[clamp] = i + 1;
    reads[clamp] = 1;
  }
  for (let slot = n; slot < slots; slot++) if (isWanted(slot)) writes[slot] = 1;
  return { reads, skips, writes, clampedBy };
}

/** The place of the product that a sum adds before it is rounded; −1. */
function accumulatorOf({ forms, sources, readers, operators, operatorOf, layers }: Flow, i: number): number {
  if (operators[operatorOf[i]!] !== 'Add') return -1;
  return sources[i]!.findLastIndex(
    (source) => source >= 0 && source < layers && forms[source]?.kind === 'compute' && readers[source] === 1,
  );
}
