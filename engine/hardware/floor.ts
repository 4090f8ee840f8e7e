import { contained } from '../formats/carrier.ts';
import { findFormat } from '../formats/registry.ts';
import type { LayerSummary, ModelSummary } from '../graph/summary.ts';
import { graphOfSummary } from '../graph/summary-graph.ts';
import { integerForm } from '../quantize/integer-form.ts';
import { modelCosts } from './costs.ts';
import { energyOf } from './energy.ts';
import { type ModelFormats, storedFormats } from './model-formats.ts';
import { profileModel } from './profile.ts';
import { bitsOf, isFloat } from './storage.ts';
import type { Target } from './target.ts';
import { withoutFoldable } from './without-foldable.ts';

/** The least that a model can come to by a choice of formats alone; nothing is pruned, and what passes may fold away costs nothing. */
export interface Floor {
  /** Bytes of all constants. */
  readonly size: number;
  /** The formats of weights and activations at which it is reached. */
  readonly weights: string;
  readonly activations: string;
}

export interface TargetFloor extends Floor {
  /** Bytes, bytes, seconds and joules; energy is undefined where the target has no model of it. */
  readonly flash: number;
  readonly ram: number;
  readonly latency: number;
  readonly energy: number | undefined;
}

/**
 * Bytes of all constants with the weights of every layer that has an integer form in the narrowest of `formats`, one scale each.
 * What the file holds beside them is left out, so that no export is smaller.
 */
export function sizeFloor(model: ModelSummary, formats: readonly string[]): Floor {
  const summary = withoutFoldable(model);
  const weights = narrowest(formats, (name) => {
    const format = findFormat(name);
    return format ? contained(format, 'packed', 'weights').storageBits : bitsOf(name);
  });
  const costs = modelCosts(summary, inFormats(summary, weights, 'float32'));
  return { size: costs.constantBytes, weights, activations: 'float32' };
}

/** The same on a target, with activations in the narrowest format that its kernels compute with. */
export function targetFloor(model: ModelSummary, formats: readonly string[], target: Target): TargetFloor {
  const summary = withoutFoldable(model);
  const activationFormats = Object.keys(target.macsPerCycle).map((pair) => pair.split('×')[1]!);
  const activations = narrowest(activationFormats, bitsOf);
  const weights = narrowest(formats, bitsOf);
  const least = profileModel(summary, inFormats(summary, weights, activations), target);
  // Bytes are fewest in the narrowest formats; time may be less in others that have a faster kernel.
  const others = formats.map((format) => profileModel(summary, inFormats(summary, format, activations), target));
  const profiles = [least, profileModel(summary, storedFormats, target), ...others];
  const latency = least.layers.reduce(
    (total, _, i) => total + Math.min(...profiles.map((profile) => profile.layers[i]!.time)),
    0,
  );
  const { size } = sizeFloor(model, formats);
  return { size, weights, activations, flash: least.flash, ram: least.ram, latency, energy: energyOf(latency, target) };
}

function narrowest(formats: readonly string[], bits: (format: string) => number): string {
  return formats.reduce((best, format) => (bits(format) < bits(best) ? format : best), formats[0] ?? 'float32');
}

function holdsWeights(form: ReturnType<typeof integerForm>): boolean {
  return 'kind' in form || form.held !== undefined;
}

function inFormats(summary: ModelSummary, weights: string, activations: string): ModelFormats {
  const graph = graphOfSummary(summary);
  const quantizable = new Set(
    graph.nodes.filter((node) => holdsWeights(integerForm(node, graph))).map(({ name }) => name),
  );
  const own = (layer: LayerSummary) => quantizable.has(layer.name) && !isFloat(weights);
  return {
    value: (_name, dtype) => (dtype === null || isFloat(dtype) ? activations : dtype),
    weight: (layer) => (own(layer) ? weights : storedFormats.weight(layer)),
    bias: storedFormats.bias,
    weightParameterBytes: (layer) => (own(layer) ? 4 : 0),
  };
}
