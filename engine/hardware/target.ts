import type { Limit } from '../quantize/limits.ts';

/**
 * A hardware target as data, one file each in `targets/`. Figures are per core unless said otherwise; each carries
 * where it comes from. The latency model of this stage is a roofline with two rates:
 * time of a layer = max(arithmetic / throughput, weight bytes / bandwidth, activation bytes / bandwidth) + overhead.
 */
export interface Target {
  /** As written in a `.qspec` file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly clockHz: number;
  readonly cores: number;
  /**
   * Multiply-accumulates a cycle and core that a good kernel sustains in convolutions and matrix products, by weight
   * × activation format: `int8×int8`, `float32×float32`. A format without a row is computed in the next wider one.
   */
  readonly macsPerCycle: Readonly<Record<string, number>>;
  /** The same for depthwise convolutions, which reuse nothing and are bound by loads and stores. */
  readonly depthwiseMacsPerCycle: Readonly<Record<string, number>>;
  /** Other arithmetic (additions, comparisons, requantisation of Add, pooling) a cycle and core. */
  readonly operationsPerCycle: number;
  /** Formats the target can run, weights and activations alike; anything else is a finding. */
  readonly formats: readonly string[];
  /** Combinations of those formats that its kernels do not take. */
  readonly limits?: readonly Limit[];
  /** Bytes a second from the memory the weights live in (flash or DRAM), and from working memory. */
  readonly weightBandwidth: number;
  readonly activationBandwidth: number;
  /** Seconds a layer costs beside its arithmetic. */
  readonly layerOverhead: number;
  /** Watts that are drawn while it computes, all cores at work, of as much of the machine as its source measured; absent where no measurement is at hand. */
  readonly activePower?: number;
  /** Bytes; absent on machines where it is no constraint. */
  readonly flash?: number;
  readonly ram?: number;
  /** Bytes of the runtime's code and tables in flash, and of its own state in RAM. */
  readonly runtimeFlash: number;
  readonly runtimeRam: number;
  /** True where weights are loaded to RAM before they are used (everything that is no microcontroller). */
  readonly weightsInRam: boolean;
  /** Scratch that the kernels take beside the activations. */
  readonly scratch: 'none' | 'cmsis-nn';
  /** Where each figure comes from, by the name of its field. Every figure has one. */
  readonly sources: Readonly<Record<Exclude<TargetFigure, OptionalFigure>, string>> &
    Partial<Readonly<Record<OptionalFigure, string>>>;
  /** Measurements the model was compared with, and how far off it was. */
  readonly anchors: readonly Anchor[];
}

export type TargetFigure =
  | 'clockHz'
  | 'cores'
  | 'macsPerCycle'
  | 'depthwiseMacsPerCycle'
  | 'operationsPerCycle'
  | 'formats'
  | 'limits'
  | 'weightBandwidth'
  | 'activationBandwidth'
  | 'layerOverhead'
  | 'activePower'
  | 'flash'
  | 'ram'
  | 'runtimeFlash'
  | 'runtimeRam';

/** What not every target has. */
type OptionalFigure = 'limits' | 'activePower';

/** A published measurement that the estimate is held against. */
export interface Anchor {
  readonly network: string;
  readonly device: string;
  readonly clockHz: number;
  readonly runtime: string;
  readonly format: string;
  readonly quantity: 'latency' | 'energy' | 'ram' | 'flash';
  /** Seconds, joules or bytes. */
  readonly measured: number;
  readonly source: string;
  /** True if the figures of the target were fitted to this row; such a row says nothing about other networks. */
  readonly fitted: boolean;
}
