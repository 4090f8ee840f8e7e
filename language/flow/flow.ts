import type { Family } from '../../engine/backends/backend.ts';
import { FindingError } from '../../engine/findings.ts';
import type { Graph, GraphNode } from '../../engine/graph/graph.ts';
import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { graphOfSummary } from '../../engine/graph/summary-graph.ts';
import { elements } from '../../engine/hardware/structure.ts';
import { type IntegerForm, integerForm, type NoIntegerForm } from '../../engine/quantize/integer-form.ts';
import { familyOf } from '../../engine/quantize/placement.ts';

/**
 * How codes can pass between the layers of a model, as far as that follows from the model alone. The engine works it out
 * on its graph (`engine/quantize/layout.ts`), this on the summary, so that it can be asked at every keystroke; what passes will
 * fold away before (batch normalisation, identities) is passed over here too. Tests hold the two together.
 *
 * Slots are what can be held in codes: what layer `i` writes is slot `i`, the graph's input `k` is slot `layers + k`.
 */
export interface Flow {
  readonly layers: number;
  /** Undefined: the layer cannot run on codes, or folds away. */
  readonly forms: readonly (IntegerForm | undefined)[];
  /** Why a layer that has a part in quantisation cannot run on codes, as the end of “stays float: …”. */
  readonly reasons: readonly (string | undefined)[];
  /** Of layers that compute in float whatever the spec says (recurrent ones, transposed convolutions): why, and which weights codes hold all the same. */
  readonly weightOnly: readonly (NoIntegerForm | undefined)[];
  /** Slots of the data inputs of each layer with a form, in the order of the form; `constant` for constants. */
  readonly sources: readonly Int32Array[];
  /** As what a backend's placement speaks of each layer with a form. */
  readonly families: readonly (Family | undefined)[];
  /** By slot: how often it is read, by layers without a form too. */
  readonly readers: Int32Array;
  /** By slot: 1 where it is an output of the model. */
  readonly given: Uint8Array;
  /** 1: one of its sources is no constant. */
  readonly reads: Uint8Array;
  /** All data inputs are float32. */
  readonly typed: Uint8Array;
  /** The Relu or Clip that may fold into the layer before it, by that layer; −1. */
  readonly clamps: Int32Array;
  /** Operator types, and by layer the place of its own among them. */
  readonly operators: readonly string[];
  readonly operatorOf: Int32Array;
  /** Products that one output of a `compute` layer adds up; 0 for others. */
  readonly terms: Float64Array;
  /** 1 where a pass may fold the layer away, or not: what happens around it is not known from here. */
  readonly uncertain: Uint8Array;
  /** Names of the graph's inputs, in the order of their slots. */
  readonly inputs: readonly string[];
  /** Elements of a slot, unknown dimensions taken as 1. */
  elements(slot: number): number;
}

/** In place of a slot: a constant, which has the codes that its reader wants. */
export const constant = -1;

const built = new WeakMap<ModelSummary, Flow>();

export function flowOf(summary: ModelSummary): Flow {
  const flow = built.get(summary) ?? build(summary);
  built.set(summary, flow);
  return flow;
}

function build(summary: ModelSummary): Flow {
  const { layers } = summary;
  const graph = graphOfSummary(summary);
  const outputs = new Set(graph.outputs);
  const forms = graph.nodes.map((node) => formOf(node, graph));
  const writers = new Map<string, number>();
  for (const [k, { name }] of summary.inputs.entries()) writers.set(name, layers.length + k);
  for (const [i, layer] of layers.entries()) for (const { name } of layer.outputs) writers.set(name, i);

  const named = new Map(layers.map((layer) => [layer.name, layer]));

  const clamps = new Int32Array(layers.length).fill(-1);
  const uncertain = new Uint8Array(layers.length);
  const folded = new Uint8Array(layers.length);
  const into = new Int32Array(layers.length);
  /** What a layer's output is after folding: another slot, for a layer that folds away. */
  const slotOf = (name: string): number => {
    const writer = writers.get(name);
    return writer === undefined ? constant : writer < layers.length && folded[writer] === 1 ? into[writer]! : writer;
  };
  for (const [i, layer] of layers.entries()) {
    const data = layer.inputs.filter(({ kind }) => kind === 'activation');
    const [input] = data;
    if (!input || data.length !== 1 || layer.domain !== '') continue;
    const before = slotOf(input.name);
    const form = before < layers.length ? forms[before] : undefined;
    const alone = isOnlyReader(layers[writers.get(input.name) ?? -1], input.name) && !outputs.has(input.name);
    if (layer.op === 'Identity' || layer.op === 'Dropout') {
      if (outputs.has(layer.outputs[0]?.name ?? '')) continue;
      folded[i] = 1;
      into[i] = before;
    } else if (layer.op === 'Pad' && isPaddingOf(layer, named)) {
      folded[i] = 1;
      into[i] = before;
    } else if (affine.has(layer.op) && layer.inputs.some(({ kind }) => kind === 'constant')) {
      const isProduct = form && 'kind' in form && form.kind === 'compute' && alone && clamps[before] === -1;
      if (isProduct && foldsInto(layer, layers[before]!, form)) {
        folded[i] = 1;
        into[i] = before;
      } else if (!isProduct || layer.op === 'BatchNormalization') uncertain[i] = 1;
    } else if (alone && (layer.op === 'Relu' || layer.op === 'Clip') && layer.inputs[0] === input) {
      if (form && 'kind' in form && form.kind !== 'same-scale' && form.kind !== 'activation') clamps[before] = i;
    }
  }

  const kept = forms.map((form, i) => ('kind' in form && folded[i] === 0 ? form : undefined));
  const operators = [...new Set(layers.map(({ op }) => op))];
  const readers = new Int32Array(layers.length + summary.inputs.length);
  const given = new Uint8Array(readers.length);
  for (const [i, layer] of layers.entries()) {
    if (folded[i] === 1) continue;
    for (const { name, kind } of [...layer.inputs, ...(layer.captures ?? [])]) {
      const slot = kind === 'activation' ? slotOf(name) : constant;
      if (slot !== constant) readers[slot]!++;
    }
  }
  for (const name of graph.outputs) if (slotOf(name) !== constant) given[slotOf(name)] = 1;
  const sources = kept.map((form, i) => {
    const read = (form?.data ?? []).map((index) => layers[i]!.inputs[index]);
    return Int32Array.from(read, (input) => (input?.kind === 'activation' ? slotOf(input.name) : constant));
  });
  const formless = forms.map((form, i) =>
    'reason' in form && folded[i] === 0 && uncertain[i] === 0 && layers[i]!.quantization !== null ? form : undefined,
  );
  const isWeightOnly = (i: number) => layers[i]!.quantization === 'weight-only' || formless[i]?.held !== undefined;
  return {
    layers: layers.length,
    forms: kept,
    reasons: formless.map((form, i) => (isWeightOnly(i) ? undefined : form?.reason)),
    weightOnly: formless.map((form, i) => (isWeightOnly(i) ? form : undefined)),
    sources,
    families: kept.map((form, i) => form && familyOf(layers[i]!, form)),
    readers,
    given,
    reads: Uint8Array.from(sources, (slots) => (slots.some((slot) => slot !== constant) ? 1 : 0)),
    typed: Uint8Array.from(kept, (form, i) =>
      (form?.data ?? []).every((index) => layers[i]!.inputs[index]?.dtype === 'float32') ? 1 : 0,
    ),
    clamps,
    uncertain,
    operators,
    operatorOf: Int32Array.from(layers, ({ op }) => operators.indexOf(op)),
    terms: Float64Array.from(kept, (form, i) => {
      const shape = form?.weight === undefined ? undefined : layers[i]!.inputs[form.weight]?.shape;
      return shape ? elements(shape) / Math.max(1, Number(shape[form!.weightAxis!] ?? 1)) : 0;
    }),
    inputs: graph.inputs,
    elements(slot) {
      const value = slot < layers.length ? layers[slot]!.outputs[0] : summary.inputs[slot - layers.length];
      return elements(value?.shape ?? null);
    },
  };
}

/** A node whose attributes make no sense has no form either; whoever reads the model tells of them. */
function formOf(node: GraphNode, graph: Graph): IntegerForm | NoIntegerForm {
  try {
    return integerForm(node, graph);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return { reason: 'its attributes make no sense' };
  }
}

/** What passes fold into the product before it: normalisation, and arithmetic with a constant for each channel. */
const affine: ReadonlySet<string> = new Set(['BatchNormalization', 'Mul', 'Div', 'Add', 'Sub']);

/** As the passes have it: one constant for each output channel, and no shift of a MatMul that cannot become a Gemm. */
function foldsInto({ op, inputs }: LayerSummary, product: LayerSummary, { weight, weightAxis }: IntegerForm): boolean {
  if (product.op === 'MatMul' && op !== 'Mul' && op !== 'Div' && product.outputs[0]?.shape?.length !== 2) return false;
  const channels = product.inputs[weight!]?.shape?.[weightAxis!];
  return inputs.every(({ kind, shape }) => kind !== 'constant' || [1, channels].includes(elements(shape)));
}

/** Padding that merges into the only layer behind it, a convolution, if it is of zeros and around spatial axes: most is. */
function isPaddingOf(
  { attributes, consumers, outputs }: LayerSummary,
  named: ReadonlyMap<string, LayerSummary>,
): boolean {
  const [name, ...others] = consumers;
  const reader = named.get(name ?? '');
  const automatic = reader?.attributes['auto_pad'] ?? 'NOTSET';
  return (
    (attributes['mode'] ?? 'constant') === 'constant' &&
    others.length === 0 &&
    reader?.op === 'Conv' &&
    reader.inputs[0]?.name === outputs[0]?.name &&
    (automatic === 'NOTSET' || automatic === 'VALID')
  );
}

function isOnlyReader(writer: LayerSummary | undefined, value: string): boolean {
  return writer !== undefined && writer.consumers.length === 1 && writer.outputs[0]?.name === value;
}
