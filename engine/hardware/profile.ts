import type { Finding } from '../findings.ts';
import type { ModelSummary } from '../graph/summary.ts';
import { watts } from '../report/quantities.ts';
import { type LayerCost, type ModelCosts, modelCosts } from './costs.ts';
import { energyOf } from './energy.ts';
import type { ModelFormats } from './model-formats.ts';
import { bitsOf, isFloat } from './storage.ts';
import type { Target } from './target.ts';

export interface Profile {
  readonly target: string;
  readonly title: string;
  /** Seconds. */
  readonly latency: number;
  /** Joules; undefined where the target has no model of energy. */
  readonly energy: number | undefined;
  /** Bytes; flash: constants and runtime; ram: peak activations, scratch, runtime and, off microcontrollers, weights. */
  readonly flash: number;
  readonly ram: number;
  readonly flashLimit: number | undefined;
  readonly ramLimit: number | undefined;
  readonly peakActivationBytes: number;
  readonly peakLayer: string | undefined;
  readonly scratchBytes: number;
  readonly parameters: number;
  readonly macs: number;
  readonly layers: readonly LayerProfile[];
  readonly findings: readonly Finding[];
  /** Sentences a reader must know to trust the figures as far as they go, and no further. */
  readonly basis: readonly string[];
}

export interface LayerProfile extends LayerCost {
  /** Seconds. */
  readonly time: number;
  /** Joules; undefined where the target has no model of energy. */
  readonly energy: number | undefined;
  /** Share of the whole latency, and of the energy. */
  readonly share: number;
  readonly boundBy: 'arithmetic' | 'weights' | 'activations' | 'overhead' | 'folded';
}

/**
 * Estimates one inference (batch 1) on a target. Roofline per layer: max(arithmetic, weight traffic, activation
 * traffic) + overhead; see docs/targets.md for its error against measurements.
 */
export function profileModel(summary: ModelSummary, formats: ModelFormats, target: Target): Profile {
  const costs = modelCosts(summary, formats);
  const times = costs.layers.map((layer) => timeOf(layer, target));
  const latency = times.reduce((total, { time }) => total + time, 0);
  const scratchBytes = costs.layers.reduce((most, layer) => Math.max(most, scratchOf(layer, target)), 0);
  const flash = costs.constantBytes + target.runtimeFlash;
  const ram =
    costs.peakActivationBytes + scratchBytes + target.runtimeRam + (target.weightsInRam ? costs.constantBytes : 0);
  return {
    target: target.name,
    title: target.title,
    latency,
    energy: energyOf(latency, target),
    flash,
    ram,
    flashLimit: target.flash,
    ramLimit: target.ram,
    peakActivationBytes: costs.peakActivationBytes,
    peakLayer: costs.peakLayer,
    scratchBytes,
    parameters: costs.parameters,
    macs: costs.macs,
    layers: costs.layers.map((layer, i) => {
      const { time, boundBy } = times[i]!;
      return { ...layer, time, energy: energyOf(time, target), boundBy, share: latency > 0 ? time / latency : 0 };
    }),
    findings: targetFindings(costs, target, flash, ram),
    basis: basis(summary, target),
  };
}

function timeOf(layer: LayerCost, target: Target): Pick<LayerProfile, 'time' | 'boundBy'> {
  if (layer.folded) return { time: 0, boundBy: 'folded' };
  const cycles = target.clockHz * target.cores;
  const rates = layer.depthwise ? target.depthwiseMacsPerCycle : target.macsPerCycle;
  const rate = rateOf(rates, layer.weightFormat ?? layer.inputFormat, layer.inputFormat);
  const arithmetic = layer.macs / (rate * cycles) + layer.operations / (target.operationsPerCycle * cycles);
  const weights = layer.weightBytes / target.weightBandwidth;
  const activations = (layer.inputBytes + layer.outputBytes) / target.activationBandwidth;
  const work = Math.max(arithmetic, weights, activations);
  const boundBy =
    target.layerOverhead > work
      ? 'overhead'
      : work === arithmetic
        ? 'arithmetic'
        : work === weights
          ? 'weights'
          : 'activations';
  return { time: work + target.layerOverhead, boundBy };
}

/**
 * Throughput of weight × activation format. Kernels exist for few pairs: unsigned runs as signed (the zero point
 * takes up the difference), 2- and 4-bit weights are unpacked to int8, and what is left runs in float.
 */
export function rateOf(rates: Readonly<Record<string, number>>, weight: string, input: string): number {
  const candidates = isFloat(weight) || isFloat(input) ? [] : [[weight, input], widen(weight, input)];
  for (const [w, i] of candidates) {
    const rate = rates[`${w}×${i}`];
    if (rate !== undefined) return rate;
  }
  const rate = rates['float32×float32'];
  if (rate === undefined) throw new Error('a target without a float rate');
  return rate;
}

function widen(weight: string, input: string): readonly [string, string] {
  const signed = (format: string) => (bitsOf(format) <= 8 ? 'int8' : 'int16');
  return [signed(weight), signed(input)];
}

/** CMSIS-NN unrolls two output positions of a spatial convolution to int16 (`arm_convolve_s8_get_buffer_size`). */
function scratchOf(layer: LayerCost, target: Target): number {
  if (target.scratch === 'none' || layer.taps <= 1 || isFloat(layer.inputFormat)) return 0;
  return layer.macs > 0 ? 2 * 2 * layer.dotLength : 0;
}

function targetFindings(costs: ModelCosts, target: Target, flash: number, ram: number): Finding[] {
  const findings: Finding[] = [];
  const unknown = new Set<string>();
  for (const layer of costs.layers) {
    for (const format of [layer.weightFormat, layer.inputFormat, layer.outputFormat]) {
      const native = format === undefined || target.formats.includes(format) || /^(bool|u?int(32|64))$/.test(format);
      if (!native) unknown.add(format);
    }
  }
  for (const format of unknown) {
    findings.push({
      code: 'target/format',
      severity: 'warning',
      what: `${target.title} has no kernels for ${format}.`,
      why: 'Its time is estimated in the next wider format that the target runs.',
      fix: `Formats of this target: ${target.formats.join(', ')}.`,
    });
  }
  const over = (quantity: string, bytes: number, limit: number | undefined) => {
    if (limit === undefined || bytes <= limit) return;
    findings.push({
      code: `target/${quantity}`,
      severity: 'warning',
      what: `The model needs about ${kib(bytes)} of ${quantity}; ${target.title} has ${kib(limit)}.`,
    });
  };
  over('flash', flash, target.flash);
  over('ram', ram, target.ram);
  return findings;
}

function kib(bytes: number): string {
  return bytes < 10 * 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 1024)} MiB`;
}

function basis(summary: ModelSummary, target: Target): string[] {
  const sentences = [
    `An estimate, not a measurement: roofline of ${target.title}; docs/targets.md says what it rests on and how far it was off.`,
  ];
  if (target.activePower !== undefined) {
    sentences.push(`Energy is ${watts(target.activePower)} while it computes, times that latency.`);
  }
  const symbolic = [...summary.inputs].some((input) => input.shape?.some((dimension) => typeof dimension !== 'number'));
  if (symbolic) sentences.push('Unknown dimensions (a batch, mostly) were taken as 1.');
  return sentences;
}
