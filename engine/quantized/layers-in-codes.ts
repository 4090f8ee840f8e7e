import type { LayerSummary } from '../graph/summary.ts';
import { isDequantizeLinear, isOnCodes, isQonnxQuantizer, isQuantizeLinear } from './recognize.ts';

/**
 * Layers of a quantised model that must not be quantised again, by index: quantisers, what computes on codes, and what reads
 * what they leave or leaves what they read, through layers that only move or clamp values.
 */
export function layersInCodes(layers: readonly LayerSummary[]): ReadonlySet<number> {
  const found = new Set<number>();
  const left = new Set<string>();
  const read = new Set<string>();
  const passes = ({ quantization }: LayerSummary) => quantization === 'same-scale' || quantization === 'activation';
  for (const [index, layer] of layers.entries()) {
    const leaves = isDequantizeLinear(layer) || isQuantizeLinear(layer) || isQonnxQuantizer(layer) || isOnCodes(layer);
    const reads = layer.inputs.some(({ name }) => left.has(name));
    if (leaves || reads) found.add(index);
    if (leaves || (reads && passes(layer))) for (const { name } of layer.outputs) left.add(name);
  }
  for (const [index, layer] of [...layers.entries()].reverse()) {
    const takes = isQuantizeLinear(layer) || isQonnxQuantizer(layer);
    const leaves = layer.outputs.some(({ name }) => read.has(name));
    if (leaves) found.add(index);
    if (takes || (leaves && passes(layer))) for (const { name } of layer.inputs) if (name !== '') read.add(name);
  }
  return found;
}
