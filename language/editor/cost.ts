import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { elements } from '../../engine/hardware/costs.ts';
import { type ModelFormats, storedFormats } from '../../engine/hardware/model-formats.ts';
import { type Profile, profileModel } from '../../engine/hardware/profile.ts';
import type { Target } from '../../engine/hardware/target.ts';
import type { Choice, Plan } from '../../engine/plan.ts';
import type { LayerSet } from '../selectors/network.ts';
import { float } from '../vocabulary.ts';

/** The formats that a plan asks for, before anything is calibrated: what a rule will cost while it is being typed. */
export function plannedFormats(summary: ModelSummary, plan: Plan): ModelFormats {
  const values = new Map<string, string>();
  for (const layer of summary.layers) {
    const roles = plan.nodes[layer.name];
    if (!roles) continue;
    for (const [i, input] of layer.inputs.entries()) {
      // A graph input enters in what its first reader wants; a layer's output overrides what its readers said.
      const choice = quantized(roles[`input[${i}]`]);
      if (choice && !values.has(input.name)) values.set(input.name, choice.format);
    }
    for (const [i, output] of layer.outputs.entries()) {
      const choice = quantized(roles[`output[${i}]`]);
      if (choice) values.set(output.name, choice.format);
    }
  }
  const weightOf = (layer: LayerSummary) => quantized(plan.nodes[layer.name]?.weight);
  return {
    value: (name, dtype) => values.get(name) ?? dtype ?? 'float32',
    weight: (layer) => weightOf(layer)?.format ?? storedFormats.weight(layer),
    bias: (layer) => quantized(plan.nodes[layer.name]?.bias)?.format ?? storedFormats.bias(layer),
    weightParameterBytes(layer) {
      const weight = weightOf(layer);
      if (!weight) return 0;
      const scales = weight.granularity === 'per-channel' ? outputChannels(layer) : 1;
      return scales * (weight.scheme === 'affine' ? 5 : 4);
    },
  };
}

function quantized(choice: Choice | undefined): Choice | undefined {
  return choice && choice.format !== float ? choice : undefined;
}

function outputChannels(layer: LayerSummary): number {
  const bias = layer.biasInput === null ? null : (layer.inputs[layer.biasInput]?.shape ?? null);
  if (bias) return elements(bias);
  const weight = layer.weightInput === null ? undefined : layer.inputs[layer.weightInput]?.shape;
  const side = weight?.[layer.op === 'MatMul' || (layer.op === 'Gemm' && layer.attributes['transB'] !== 1) ? 1 : 0];
  return typeof side === 'number' ? side : 1;
}

export interface LayersCost {
  readonly parameters: number;
  readonly macs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Seconds on the target, where there is one. */
  readonly timeBefore?: number;
  readonly timeAfter?: number;
}

/** What some layers cost as they are and as planned. Profiles are of the whole model; ask for them once. */
export function costOf(
  layers: LayerSet,
  summary: ModelSummary,
  before: Profile,
  after: Profile,
  timed: boolean,
): LayersCost {
  const total = (pick: (index: number) => number) => {
    let sum = 0;
    for (const index of layers) sum += pick(index);
    return sum;
  };
  return {
    parameters: total((index) => summary.layers[index]!.parameters),
    macs: total((index) => summary.layers[index]!.macs),
    bytesBefore: total((index) => before.layers[index]?.weightBytes ?? 0),
    bytesAfter: total((index) => after.layers[index]?.weightBytes ?? 0),
    ...(timed
      ? {
          timeBefore: total((index) => before.layers[index]?.time ?? 0),
          timeAfter: total((index) => after.layers[index]?.time ?? 0),
        }
      : {}),
  };
}

export function profiles(summary: ModelSummary, plan: Plan, target: Target): { before: Profile; after: Profile } {
  return {
    before: profileModel(summary, storedFormats, target),
    after: profileModel(summary, plannedFormats(summary, plan), target),
  };
}
