import type { Graph } from '../graph/graph.ts';
import type { LayerSummary, ModelSummary } from '../graph/summary.ts';
import type { Plan } from '../plan.ts';
import { type Assignment, edgeKey } from '../quantize/assignment.ts';
import type { WeightRole } from '../quantize/integer-form.ts';
import { layOut, runsOnCodes } from '../quantize/layout.ts';
import type { DataType } from '../tensor.ts';
import { heldParameterBytes, plannedParameterBytes } from './parameter-bytes.ts';

/** In which format each value, weight and bias of a model is held. */
export interface ModelFormats {
  value(name: string, dtype: DataType | null): string;
  weight(layer: LayerSummary): string;
  bias(layer: LayerSummary): string;
  /** Bytes of the scales and zero points that go with a weight. */
  weightParameterBytes(layer: LayerSummary, role: WeightRole): number;
}

/** A model as it is: every value in its element type. */
export const storedFormats: ModelFormats = {
  value: (_name, dtype) => dtype ?? 'float32',
  weight: (layer) => stored(layer, layer.weightInput),
  bias: (layer) => stored(layer, layer.biasInput),
  weightParameterBytes: () => 0,
};

function stored(layer: LayerSummary, index: number | null): string {
  return (index === null ? undefined : layer.inputs[index]?.dtype) ?? 'float32';
}

/** A compressed model: what the Assignment says, and the element type where it says nothing. */
export function assignedFormats(summary: ModelSummary, assignment: Assignment): ModelFormats {
  const values = new Map<string, string>();
  for (const [name, { format }] of assignment.inputs) values.set(name, format);
  for (const layer of summary.layers) {
    for (const [i, output] of layer.outputs.entries()) {
      const entry = assignment.entries.get(edgeKey(layer.name, `output[${i}]`));
      if (entry) values.set(output.name, entry.format);
    }
  }
  const entry = (layer: LayerSummary, role: string) => assignment.entries.get(edgeKey(layer.name, role));
  return {
    value: (name, dtype) => values.get(name) ?? dtype ?? 'float32',
    weight: (layer) => entry(layer, 'weight')?.format ?? storedFormats.weight(layer),
    // An int32 bias has the format's name only where one was given.
    bias: (layer) => entry(layer, 'bias')?.format ?? (entry(layer, 'weight') ? 'int32' : storedFormats.bias(layer)),
    weightParameterBytes(layer, role) {
      const weight = entry(layer, role);
      return weight === undefined ? 0 : heldParameterBytes(weight);
    },
  };
}

/** What a plan will make of a model, before any data is seen: enough for sizes, memory and estimated latency. */
export function plannedFormats(summary: ModelSummary, graph: Graph, plan: Plan): ModelFormats {
  const layout = layOut(graph, plan);
  const values = new Map<string, string>();
  for (const [name, { choice }] of layout.inputs) values.set(name, choice.format);
  for (const layer of summary.layers) {
    for (const [i, output] of layer.outputs.entries()) {
      const slot = layout.slots.get(edgeKey(layer.name, `output[${i}]`));
      if (slot) values.set(output.name, slot.choice.format);
    }
  }
  const choice = ({ name }: LayerSummary) =>
    layout.weights.has(name) || layout.weightOnly.has(name) ? plan.nodes[name]?.weight : undefined;
  return {
    value: (name, dtype) => values.get(name) ?? dtype ?? 'float32',
    weight: (layer) => choice(layer)?.format ?? storedFormats.weight(layer),
    bias: (layer) => (choice(layer) && runsOnCodes(layout, layer.name) ? 'int32' : storedFormats.bias(layer)),
    weightParameterBytes(layer, role) {
      const weight = choice(layer);
      return weight === undefined ? 0 : plannedParameterBytes(layer, weight, role);
    },
  };
}
