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
import type { Network } from '../selectors/network.ts';
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
    weightParameterBytes(layer, role) {
      const weight = weightOf(layer);
      return weight ? plannedParameterBytes(layer, weight, role) : 0;
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
    layers++;
    for (const [input, role] of [
      [layer.weightInput, 'weight'],
      [layer.recurrentInput, 'recurrent'],
    ] as const) {
      if (input === undefined) continue;
      const own = elements(layer.inputs[input]?.shape ?? []);
      count += own;
      codeBytes += bytesOf(format, own);
      scaleBytes += plannedParameterBytes(layer, roles.weight, role);
    }
  }
  return { layers, elements: count, codeBytes, scaleBytes, outputs };
}

function quantized(choice: Choice | undefined): Choice | undefined {
  return choice && choice.format !== float ? choice : undefined;
}

/** What some layers cost as they are in the file, and what is left of them as planned. */
export interface LayersCost {
  readonly parametersBefore: number;
  readonly parametersAfter: number;
  readonly macsBefore: number;
  readonly macsAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Seconds on the target, where there is one. */
  readonly timeBefore?: number;
  readonly timeAfter?: number;
  /** Joules on the target, where it has a model of energy. */
  readonly energyBefore?: number | undefined;
  readonly energyAfter?: number | undefined;
}

const quantities = ['parameters', 'macs', 'bytes', 'time'] as const;
type Side = Readonly<Record<(typeof quantities)[number], Float64Array>>;

/**
 * Figures of every layer of a network, side by side: rules sum them over thousands of layers at every keystroke. A layer that pruning
 * adds is nothing before, one that passes fold into another nothing after.
 */
export interface CostTable {
  readonly before: Side;
  readonly after: Side;
}

export function costTable({ layers: all, indexOf }: Network, before: Profile, after: Profile): CostTable {
  const side = ({ layers }: Profile): Side => {
    const [parameters, macs, bytes, time] = quantities.map(() => new Float64Array(all.length));
    for (const layer of layers) {
      const index = indexOf.get(layer.name);
      if (index === undefined) continue;
      parameters![index]! += layer.parameters;
      macs![index]! += layer.macs;
      bytes![index]! += layer.weightBytes;
      time![index]! += layer.time;
    }
    return { parameters: parameters!, macs: macs!, bytes: bytes!, time: time! };
  };
  return { before: side(before), after: side(after) };
}

/** What some layers cost as they are and as planned, with those that were split off them; times and energy on a target alone. */
export function costOf(
  layers: LayerSet,
  { before, after }: CostTable,
  { added }: Pick<Network, 'added'>,
  target: Target | undefined,
): LayersCost {
  const beside = [...(added?.before ?? [])].flatMap(([index, next]) =>
    layers.has(next) && !layers.has(index) ? [index] : [],
  );
  const sum = (column: Float64Array) => {
    let total = 0;
    for (const index of layers.indices) total += column[index]!;
    for (const index of beside) total += column[index]!;
    return total;
  };
  const cost = {
    ...{ parametersBefore: sum(before.parameters), parametersAfter: sum(after.parameters) },
    ...{ macsBefore: sum(before.macs), macsAfter: sum(after.macs) },
    ...{ bytesBefore: sum(before.bytes), bytesAfter: sum(after.bytes) },
  };
  if (target === undefined) return cost;
  const [timeBefore, timeAfter] = [sum(before.time), sum(after.time)];
  const [energyBefore, energyAfter] = [energyOf(timeBefore, target), energyOf(timeAfter, target)];
  return { ...cost, timeBefore, timeAfter, energyBefore, energyAfter };
}

/** Profiles of models as they are, by target: they do not change while a person types. */
const asTheyAre = new WeakMap<ModelSummary, Map<string, Profile>>();

/** @param left the network that is compressed: the model itself, or what pruning leaves of it */
export function profiles(
  summary: ModelSummary,
  left: ModelSummary,
  plan: Plan,
  target: Target,
): { before: Profile; after: Profile } {
  let known = asTheyAre.get(summary);
  if (!known) {
    known = new Map();
    asTheyAre.set(summary, known);
  }
  const before = known.get(target.name) ?? profileModel(summary, storedFormats, target);
  known.set(target.name, before);
  return { before, after: profileModel(left, plannedFormats(left, plan), target) };
}
