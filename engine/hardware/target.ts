/**
 * A hardware target as data. Figures are per core unless said otherwise; each carries where it comes from.
 * The latency model of this stage is a roofline: time = max(MACs / throughput, bytes / bandwidth) + overhead per layer.
 */
export interface Target {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly clockHz: number;
  readonly cores: number;
  /** Multiply-accumulates a cycle and core that a good kernel sustains, by weight×activation format, e.g. `int8×int8`. */
  readonly macsPerCycle: Readonly<Record<string, number>>;
  /** Formats the target can run; anything else is a finding. */
  readonly formats: readonly string[];
  /** Bytes a second from the memory the weights live in (flash or DRAM), and from working memory. */
  readonly weightBandwidth: number;
  readonly activationBandwidth: number;
  /** Seconds a layer costs beside its arithmetic. */
  readonly layerOverhead: number;
  /** Bytes; absent on machines where it is no constraint. */
  readonly flash?: number;
  readonly ram?: number;
  /** Source of the figures: document or measurement row. */
  readonly sources: readonly string[];
}
