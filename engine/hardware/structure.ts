import type { LayerInput, LayerSummary, ModelSummary, SummaryShape } from '../graph/summary.ts';
import type { DataType } from '../tensor.ts';

/** A tensor whose bytes depend on the format that it is held in. */
export interface Held {
  readonly name: string;
  readonly dtype: DataType | null;
  readonly elements: number;
}

export interface HeldConstant extends Held {
  readonly part: ConstantPart;
}

/** `recurrent`: the second weight of a recurrent layer. */
export type ConstantPart = 'weight' | 'recurrent' | 'bias' | 'other';

/** What of a layer no format changes. */
export interface LayerStructure {
  /** undefined: the weights are computed, or there are none. */
  readonly constantWeight: boolean;
  /** Constants that no earlier layer shares; without shapes, axes and the like, which are part of the program. */
  readonly constants: readonly HeldConstant[];
  readonly inputs: readonly Held[];
  readonly outputs: readonly Held[];
  /** Convolution with one input channel a group. */
  readonly depthwise: boolean;
  /** Length of the dot products: kernel taps × input channels of a group. */
  readonly dotLength: number;
  /** Kernel taps; 1 for everything but spatial convolutions and pools. */
  readonly taps: number;
  /** Does no work of its own: a view of its input, or folded into the layer before it. */
  readonly folded: boolean;
}

/** A piece of memory: what lies in it from one layer to another, both inclusive. It takes the bytes of the smallest. */
export interface Span {
  readonly values: Held[];
  readonly from: number;
  to: number;
}

export interface ModelStructure {
  readonly layers: readonly LayerStructure[];
  readonly spans: readonly Span[];
}

const known = new WeakMap<ModelSummary, ModelStructure>();

/** Worked out once a model: what it costs is asked for again at every keystroke in its spec. */
export function structureOf(summary: ModelSummary): ModelStructure {
  let structure = known.get(summary);
  if (!structure) {
    const folded = foldedLayers(summary);
    const seen = new Set<string>();
    const layers = summary.layers.map((layer) => layerStructure(layer, folded.has(layer.name), seen));
    structure = { layers, spans: spansOf(summary, layers) };
    known.set(summary, structure);
  }
  return structure;
}

/** Unknown and symbolic dimensions count as 1; unknown rank as one element. */
export function elements(shape: SummaryShape): number {
  let count = 1;
  for (const dimension of shape ?? []) count *= typeof dimension === 'number' ? dimension : 1;
  return count;
}

function layerStructure(layer: LayerSummary, folded: boolean, seen: Set<string>): LayerStructure {
  const weight = layer.weightInput === null ? undefined : layer.inputs[layer.weightInput];
  const taps = (layer.kernel ?? []).reduce((product, size) => product * size, 1);
  const channels =
    layer.op === 'MatMul' || layer.op === 'Gemm' ? outputColumns(layer) : Number(weight?.shape?.[0] ?? 1);
  return {
    constantWeight: weight?.kind === 'constant',
    constants: constantsOf(layer, seen),
    inputs: layer.inputs.filter(({ kind }) => kind === 'activation').map(held),
    outputs: layer.outputs.map(held),
    depthwise: (layer.groups ?? 1) > 1 && weight?.shape?.[1] === 1,
    dotLength: dotLength(layer, channels),
    taps,
    folded,
  };
}

/** A gate of a recurrent layer adds up the products of an input and of the state. */
function dotLength({ inputs, weightInput, recurrentInput }: LayerSummary, channels: number): number {
  const weight = weightInput === null ? undefined : inputs[weightInput];
  if (recurrentInput === undefined) return (weight === undefined ? 0 : elements(weight.shape)) / Math.max(1, channels);
  return [weight, inputs[recurrentInput]].reduce((sum, own) => sum + (Number(own?.shape?.[2] ?? 0) || 0), 0);
}

function held({ name, dtype, shape }: Pick<LayerInput, 'name' | 'dtype' | 'shape'>): Held {
  return { name, dtype, elements: elements(shape) };
}

/** Constants of a layer; one that several layers share counts once. */
function constantsOf(layer: LayerSummary, seen: Set<string>): HeldConstant[] {
  const constants: HeldConstant[] = [];
  for (const [i, input] of layer.inputs.entries()) {
    if (input.kind !== 'constant' || seen.has(input.name)) continue;
    seen.add(input.name);
    const part = partOf(layer, i);
    if (part !== 'other' || !isShape(layer, i)) constants.push({ ...held(input), part });
  }
  return constants;
}

function partOf({ weightInput, recurrentInput, biasInput }: LayerSummary, index: number): ConstantPart {
  if (index === weightInput) return 'weight';
  if (index === recurrentInput) return 'recurrent';
  return index === biasInput ? 'bias' : 'other';
}

/** Shapes, axes and the like: part of the program, not of the weights. */
function isShape(layer: LayerSummary, index: number): boolean {
  return layer.inputs[index]?.dtype === 'int64' && layer.op !== 'Gather';
}

function outputColumns(layer: LayerSummary): number {
  const shape = layer.outputs[0]?.shape;
  return Number(shape?.at(-1) ?? 1) || 1;
}

const views = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout']);

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

/** Values by the memory that they lie in: views and folded activations share their input's, nothing else is in place. */
function spansOf(summary: ModelSummary, layers: readonly LayerStructure[]): Span[] {
  const spans: Span[] = [];
  const spanOf = new Map<string, Span>();
  const begin = (value: Held, at: number) => {
    const span = { values: [value], from: at, to: at };
    spans.push(span);
    spanOf.set(value.name, span);
  };
  for (const input of summary.inputs) begin(held(input), 0);
  for (const [i, { inputs, outputs, folded }] of layers.entries()) {
    for (const { name } of inputs) {
      const span = spanOf.get(name);
      if (span) span.to = i;
    }
    const shared = folded && inputs[0] ? spanOf.get(inputs[0].name) : undefined;
    for (const output of outputs) {
      if (!shared) begin(output, i);
      else {
        // What a folded activation leaves is what the layer before it writes: in those codes, not in its own.
        shared.values.push(output);
        spanOf.set(output.name, shared);
      }
    }
  }
  for (const { name } of summary.outputs) {
    const span = spanOf.get(name);
    if (span) span.to = summary.layers.length - 1;
  }
  return spans;
}
