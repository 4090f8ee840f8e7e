import type { LayerInput, LayerSummary, ModelSummary, SummaryShape } from '../graph/summary.ts';
import type { ModelFormats } from './model-formats.ts';
import { bytesOf, isFloat } from './storage.ts';

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

const views = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout']);

/**
 * Costs of one inference with unknown dimensions taken as 1. Peak memory: sum of the values alive over the layers in
 * file order; views and folded activations share their input's memory, nothing else is computed in place.
 */
export function modelCosts(summary: ModelSummary, formats: ModelFormats): ModelCosts {
  const folded = foldedLayers(summary);
  const live = liveBytes(summary, formats, folded);
  const seen = new Set<string>();
  const layers = summary.layers.map((layer, i) => layerCost(layer, formats, folded.has(layer.name), live[i]!, seen));
  let peak = 0;
  for (const [i, bytes] of live.entries()) if (bytes > live[peak]!) peak = i;
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
  formats: ModelFormats,
  folded: boolean,
  live: number,
  seen: Set<string>,
): LayerCost {
  const weight = layer.weightInput === null ? undefined : layer.inputs[layer.weightInput];
  const taps = (layer.kernel ?? []).reduce((product, size) => product * size, 1);
  const weightElements = weight === undefined ? 0 : elements(weight.shape);
  const outputs = layer.op === 'MatMul' || layer.op === 'Gemm' ? outputColumns(layer) : Number(weight?.shape?.[0] ?? 1);
  const inputs = layer.inputs.filter((input) => input.kind === 'activation');
  return {
    name: layer.name,
    op: layer.op,
    weightFormat: weight?.kind === 'constant' ? formats.weight(layer) : undefined,
    inputFormat: inputs[0] === undefined ? 'float32' : formats.value(inputs[0].name, inputs[0].dtype),
    outputFormat:
      layer.outputs[0] === undefined ? 'float32' : formats.value(layer.outputs[0].name, layer.outputs[0].dtype),
    macs: folded ? 0 : layer.macs,
    operations: folded ? 0 : layer.operations,
    parameters: layer.parameters,
    weightBytes: constantBytes(layer, formats, seen),
    inputBytes: folded ? 0 : sum(inputs, (input) => valueBytes(input, formats)),
    outputBytes: folded ? 0 : sum(layer.outputs, (output) => valueBytes(output, formats)),
    depthwise: (layer.groups ?? 1) > 1 && weight?.shape?.[1] === 1,
    dotLength: weightElements / Math.max(1, outputs),
    taps,
    folded,
    liveBytes: live,
  };
}

/** Constants of a layer; one that several layers share counts once. */
function constantBytes(layer: LayerSummary, formats: ModelFormats, seen: Set<string>): number {
  let bytes = 0;
  for (const [i, input] of layer.inputs.entries()) {
    if (input.kind !== 'constant' || seen.has(input.name)) continue;
    seen.add(input.name);
    const count = elements(input.shape);
    if (i === layer.weightInput) {
      bytes += bytesOf(formats.weight(layer), count) + formats.weightParameterBytes(layer);
    } else if (i === layer.biasInput) {
      bytes += bytesOf(formats.bias(layer), count);
    } else if (!isShape(layer, i)) {
      bytes += bytesOf(input.dtype ?? 'float32', count);
    }
  }
  return bytes;
}

/** Shapes, axes and the like: part of the program, not of the weights. */
function isShape(layer: LayerSummary, index: number): boolean {
  return layer.inputs[index]?.dtype === 'int64' && layer.op !== 'Gather';
}

/**
 * Views, and activation functions that every runtime folds into the layer that makes their only input: a clamp costs
 * nothing where the output is written anyway.
 */
function foldedLayers(summary: ModelSummary): ReadonlySet<string> {
  const byName = new Map(summary.layers.map((layer) => [layer.name, layer]));
  const outputs = new Set(summary.outputs.map((output) => output.name));
  const folded = new Set<string>();
  for (const layer of summary.layers) {
    if (views.has(layer.op)) folded.add(layer.name);
    if (layer.quantization !== 'activation' && layer.op !== 'Relu' && layer.op !== 'Clip') continue;
    const producer = layer.producers.length === 1 ? byName.get(layer.producers[0]!) : undefined;
    const foldable = producer?.quantization === 'compute' || producer?.quantization === 'elementwise';
    if (producer !== undefined && foldable && producer.consumers.length === 1) {
      if (!producer.outputs.some((output) => outputs.has(output.name))) folded.add(layer.name);
    }
  }
  return folded;
}

function liveBytes(summary: ModelSummary, formats: ModelFormats, folded: ReadonlySet<string>): number[] {
  const last = summary.layers.length - 1;
  const root = new Map<string, string>();
  const spans = new Map<string, { bytes: number; from: number; to: number }>();
  for (const input of summary.inputs) spans.set(input.name, { bytes: valueBytes(input, formats), from: 0, to: 0 });
  const rootOf = (name: string) => root.get(name) ?? name;
  for (const [i, layer] of summary.layers.entries()) {
    const activations = layer.inputs.filter((input) => input.kind === 'activation');
    for (const input of activations) {
      const span = spans.get(rootOf(input.name));
      if (span) span.to = i;
    }
    const shared = folded.has(layer.name) && activations[0] !== undefined ? rootOf(activations[0].name) : undefined;
    for (const output of layer.outputs) {
      const span = shared === undefined ? undefined : spans.get(shared);
      if (span !== undefined) {
        root.set(output.name, shared!);
        // What a folded activation leaves is what the layer before it writes: in those codes, not in its own.
        span.bytes = Math.min(span.bytes, valueBytes(output, formats));
      } else spans.set(output.name, { bytes: valueBytes(output, formats), from: i, to: i });
    }
  }
  for (const output of summary.outputs) {
    const span = spans.get(rootOf(output.name));
    if (span) span.to = last;
  }
  const live = new Array<number>(summary.layers.length).fill(0);
  for (const { bytes, from, to } of spans.values()) for (let i = from; i <= to; i++) live[i]! += bytes;
  return live;
}

function valueBytes(value: Pick<LayerInput, 'name' | 'dtype' | 'shape'>, formats: ModelFormats): number {
  return bytesOf(formats.value(value.name, value.dtype), elements(value.shape));
}

/** Unknown and symbolic dimensions count as 1; unknown rank as one element. */
export function elements(shape: SummaryShape): number {
  let count = 1;
  for (const dimension of shape ?? []) count *= typeof dimension === 'number' ? dimension : 1;
  return count;
}

function outputColumns(layer: LayerSummary): number {
  const shape = layer.outputs[0]?.shape;
  return Number(shape?.at(-1) ?? 1) || 1;
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
