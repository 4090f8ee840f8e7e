import { bytesOf } from './storage.ts';
import type { Target } from './target.ts';

/** Bytes that a QuantizeLinear or DequantizeLinear reads and writes. */
export function conversionBytes(elements: number, from: string, to: string): number {
  return bytesOf(from, elements) + bytesOf(to, elements);
}

/** Seconds of such nodes on a target, `elements` together: the roofline of layers without products, one operation an element. */
export function conversionTime(nodes: number, elements: number, bytes: number, target: Target): number {
  const arithmetic = elements / (target.operationsPerCycle * target.clockHz * target.cores);
  return Math.max(arithmetic, bytes / target.activationBandwidth) + nodes * target.layerOverhead;
}
