import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { energyOf } from '../../engine/hardware/energy.ts';
import { type ModelFormats, storedFormats } from '../../engine/hardware/model-formats.ts';
import { plannedParameterBytes } from '../../engine/hardware/parameter-bytes.ts';
import { type Profile, profileModel } from '../../engine/hardware/profile.ts';
import { bytesOf } from '../../engine/hardware/storage.ts';
import { elements } from '../../engine/hardware/structure.ts';
import type { Target } from '../../engine/hardware/target.ts';
import type { Choice, Plan } from '../../engine/plan.ts';
import type { LayerSet } from '../selectors/layer-set.ts';
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
      return weight ? plannedParameterBytes(layer, weight) : 0;
    },
  };
}

/** What a plan keeps in one format: the layers whose weights, and whose outputs, are codes of it. */
export interface FormatShare {
  readonly layers: number;
  /** Weights, their codes without and the scales (with zero points) beside them. */
  readonly elements: number;
  readonly codeBytes: number;
  readonly scaleBytes: number;
  readonly outputs: number;
}

export function weightsIn(format: string, summary: ModelSummary, plan: Plan): FormatShare {
  let [layers, count, codeBytes, scaleBytes, outputs] = [0, 0, 0, 0, 0];
  for (const layer of summary.layers) {
    const roles = plan.nodes[layer.name];
    if (roles?.['output[0]']?.format === format) outputs++;
    if (roles?.weight?.format !== format || layer.weightInput === null) continue;
    const own = elements(layer.inputs[layer.weightInput]?.shape ?? []);
    layers++;
    count += own;
    codeBytes += bytesOf(format, own);
    scaleBytes += plannedParameterBytes(layer, roles.weight);
  }
  return { layers, elements: count, codeBytes, scaleBytes, outputs };
}

function quantized(choice: Choice | undefined): Choice | undefined {
  return choice && choice.format !== float ? choice : undefined;
}

export interface LayersCost {
  readonly parameters: number;
  readonly macs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Seconds on the target, where there is one. */
  readonly timeBefore?: number;
  readonly timeAfter?: number;
  /** Joules on the target, where it has a model of energy. */
  readonly energyBefore?: number | undefined;
  readonly energyAfter?: number | undefined;
}

/** Figures of every layer, side by side: rules sum them over thousands of layers at every keystroke. */
export interface CostTable {
  readonly parameters: Float64Array;
  readonly macs: Float64Array;
  readonly bytesBefore: Float64Array;
  readonly bytesAfter: Float64Array;
  /** Seconds on the target. */
  readonly timeBefore: Float64Array;
  readonly timeAfter: Float64Array;
}

export function costTable(summary: ModelSummary, before: Profile, after: Profile): CostTable {
  const column = (pick: (index: number) => number) => Float64Array.from(summary.layers, (_, index) => pick(index));
  return {
    parameters: column((index) => summary.layers[index]!.parameters),
    macs: column((index) => summary.layers[index]!.macs),
    bytesBefore: column((index) => before.layers[index]!.weightBytes),
    bytesAfter: column((index) => after.layers[index]!.weightBytes),
    timeBefore: column((index) => before.layers[index]!.time),
    timeAfter: column((index) => after.layers[index]!.time),
  };
}

/** What some layers cost as they are and as planned; times and energy on a target alone. */
export function costOf(layers: LayerSet, table: CostTable, target: Target | undefined): LayersCost {
  let [parameters, macs, bytesBefore, bytesAfter, timeBefore, timeAfter] = [0, 0, 0, 0, 0, 0];
  for (const index of layers) {
    parameters += table.parameters[index]!;
    macs += table.macs[index]!;
    bytesBefore += table.bytesBefore[index]!;
    bytesAfter += table.bytesAfter[index]!;
    timeBefore += table.timeBefore[index]!;
    timeAfter += table.timeAfter[index]!;
  }
  const bytes = { parameters, macs, bytesBefore, bytesAfter };
  if (target === undefined) return bytes;
  const [energyBefore, energyAfter] = [energyOf(timeBefore, target), energyOf(timeAfter, target)];
  return { ...bytes, timeBefore, timeAfter, energyBefore, energyAfter };
}

/** Profiles of models as they are, by target: they do not change while a person types. */
const asTheyAre = new WeakMap<ModelSummary, Map<string, Profile>>();

export function profiles(summary: ModelSummary, plan: Plan, target: Target): { before: Profile; after: Profile } {
  let known = asTheyAre.get(summary);
  if (!known) {
    known = new Map();
    asTheyAre.set(summary, known);
  }
  const before = known.get(target.name) ?? profileModel(summary, storedFormats, target);
  known.set(target.name, before);
  return { before, after: profileModel(summary, plannedFormats(summary, plan), target) };
}
