import type { LayerSummary, ModelSummary } from '../graph/summary.ts';
import type { ModelFormats } from './model-formats.ts';
import { bytesOf, isFloat } from './storage.ts';
import { type Held, type HeldConstant, type LayerStructure, type ModelStructure, structureOf } from './structure.ts';

/** What a layer costs whatever runs it: arithmetic and bytes in the formats that it is held in. */
export interface LayerCost {
  readonly name: string;
  readonly op: string;
  /** undefined: the layer has no weights. */
  readonly weightFormat: string | undefined;
  readonly inputFormat: string;
  readonly outputFormat: string;
  readonly macs: number;
  readonly operations: number;
  readonly parameters: number;
  /** Codes, packed, with scales and zero points; bias; other constants. */
  readonly weightBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Convolution with one input channel a group. */
  readonly depthwise: boolean;
  /** Length of the dot products: kernel taps × input channels of a group. */
  readonly dotLength: number;
  /** Kernel taps; 1 for everything but spatial convolutions and pools. */
  readonly taps: number;
  /** Does no work of its own: a view of its input, or folded into the layer before it. */
  readonly folded: boolean;
  /** Bytes of all activations alive while the layer runs, its inputs and outputs included. */
  readonly liveBytes: number;
}

export interface ModelCosts {
  readonly layers: readonly LayerCost[];
  readonly parameters: number;
  readonly macs: number;
  /** Bytes of all constants in their formats: what the model takes as a file or in flash, without a runtime. */
  readonly constantBytes: number;
  readonly peakActivationBytes: number;
  /** Layer during which the peak occurs. */
  readonly peakLayer: string | undefined;
}

/**
 * Costs of one inference with unknown dimensions taken as 1. Peak memory: sum of the values alive over the layers in
 * file order; views and folded activations share their input's memory, nothing else is computed in place.
 */
export function modelCosts(summary: ModelSummary, formats: ModelFormats): ModelCosts {
  const structure = structureOf(summary);
  const live = liveBytes(structure, formats);
  const layers = summary.layers.map((layer, i) => layerCost(layer, structure.layers[i]!, formats, live[i]!));
  let peak = 0;
  for (let i = 0; i < live.length; i++) if (live[i]! > live[peak]!) peak = i;
  return {
    layers,
    parameters: summary.totals.parameters,
    macs: sum(layers, (layer) => layer.macs),
    constantBytes: sum(layers, (layer) => layer.weightBytes),
    peakActivationBytes: live[peak] ?? 0,
    peakLayer: summary.layers[peak]?.name,
  };
}

function layerCost(
  layer: LayerSummary,
  { constants, constantWeight, inputs, outputs, folded, depthwise, dotLength, taps }: LayerStructure,
  formats: ModelFormats,
  live: number,
): LayerCost {
  const [input, output] = [inputs[0], outputs[0]];
  return {
    name: layer.name,
    op: layer.op,
    weightFormat: constantWeight ? formats.weight(layer) : undefined,
    inputFormat: input ? formats.value(input.name, input.dtype) : 'float32',
    outputFormat: output ? formats.value(output.name, output.dtype) : 'float32',
    macs: folded ? 0 : layer.macs,
    operations: folded ? 0 : layer.operations,
    parameters: layer.parameters,
    weightBytes: sum(constants, (constant) => constantBytes(layer, constant, formats)),
    inputBytes: folded ? 0 : sum(inputs, (value) => valueBytes(value, formats)),
    outputBytes: folded ? 0 : sum(outputs, (value) => valueBytes(value, formats)),
    depthwise,
    dotLength,
    taps,
    folded,
    liveBytes: live,
  };
}

function constantBytes(layer: LayerSummary, { part, dtype, elements }: HeldConstant, formats: ModelFormats): number {
  if (part === 'weight' || part === 'recurrent')
    return bytesOf(formats.weight(layer), elements) + formats.weightParameterBytes(layer, part);
  return bytesOf(part === 'bias' ? formats.bias(layer) : (dtype ?? 'float32'), elements);
}

/** By layer. Bytes are whole numbers, so what begins and what ends can be summed up in any order. */
function liveBytes({ layers, spans }: ModelStructure, formats: ModelFormats): Float64Array {
  const live = new Float64Array(layers.length + 1);
  for (const { values, from, to } of spans) {
    let bytes = valueBytes(values[0]!, formats);
    for (let i = 1; i < values.length; i++) bytes = Math.min(bytes, valueBytes(values[i]!, formats));
    live[from]! += bytes;
    live[to + 1]! -= bytes;
  }
  for (let i = 1; i < live.length; i++) live[i]! += live[i - 1]!;
  return live.subarray(0, layers.length);
}

function valueBytes({ name, dtype, elements }: Held, formats: ModelFormats): number {
  return bytesOf(formats.value(name, dtype), elements);
}

/** True where weights or activations are still held in floating point. */
export function staysFloat(layer: LayerCost): boolean {
  return isFloat(layer.inputFormat) || (layer.weightFormat !== undefined && isFloat(layer.weightFormat));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}
