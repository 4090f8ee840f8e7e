import { type Progress, throwIfCancelled } from '../progress.ts';
import type { Tensor } from '../tensor.ts';

/** Another runtime to be measured beside ours: one adapter per runtime (`onnxruntime-web` in `engine/verify`). */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /**
   * Loads the model with everything the peer offers for speed: its best instruction set, all graph optimisations, and
   * the same number of threads as ours.
   */
  prepare(model: Uint8Array, threads: number): Promise<PreparedPeer>;
}

export interface PreparedPeer {
  run(inputs: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>>;
  dispose(): Promise<void> | void;
}

/** One of the things measured in alternation. */
export interface Contender {
  readonly name: string;
  run(): Promise<unknown> | unknown;
}

export interface MeasureOptions {
  /** Alternating rounds; every round times each contender once more. */
  readonly rounds?: number;
  /** Milliseconds that a contender runs in one round (at least `minimumRuns` times). */
  readonly roundMilliseconds?: number;
  readonly minimumRuns?: number;
  /** Milliseconds each contender runs untimed before the first round. */
  readonly warmupMilliseconds?: number;
  /** Seed of the bootstrap. */
  readonly seed?: number;
  readonly progress?: Progress;
  /** Milliseconds now; replaced in tests. */
  readonly now?: () => number;
}

export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly p5Ms: number;
  readonly p95Ms: number;
  readonly inferencesPerSecond: number;
  readonly runs: number;
  /** Median of each round, in order. */
  readonly roundMediansMs: readonly number[];
}

export interface Ratio {
  /** Time of the second contender over time of the first: above 1 the first is faster. Median of the rounds' ratios. */
  readonly ratio: number;
  /** Seeded bootstrap over rounds, 95 %. */
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  readonly timings: readonly Timing[];
  /** Of each later contender against the first. */
  readonly ratios: readonly Ratio[];
}

/**
 * Times contenders in alternating blocks. A block's first run is not counted: it pays for the caches that the other
 * contender emptied. The order flips every round, so that a drift of the machine (heat, neighbours) hits both alike.
 */
export async function measure(contenders: readonly Contender[], options: MeasureOptions = {}): Promise<Comparison> {
  const { rounds = 15, roundMilliseconds = 60, minimumRuns = 3, warmupMilliseconds = 300, seed = 1 } = options;
  const now = options.now ?? (() => performance.now());
  for (const contender of contenders) {
    const until = now() + warmupMilliseconds;
    let runs = 0;
    do {
      await contender.run();
      throwIfCancelled(options.progress);
    } while (++runs < minimumRuns || now() < until);
  }
  const samples = contenders.map(() => [] as number[]);
  const medians = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    const turn = contenders.map((_, index) => index);
    if (round % 2 === 1) turn.reverse();
    for (const index of turn) {
      const contender = contenders[index]!;
      const block: number[] = [];
      await contender.run();
      const start = now();
      let before = start;
      do {
        await contender.run();
        const after = now();
        block.push(after - before);
        before = after;
      } while (block.length < minimumRuns || before - start < roundMilliseconds);
      medians[index]!.push(quantile(block, 0.5));
      for (const sample of block) samples[index]!.push(sample);
      throwIfCancelled(options.progress);
    }
    options.progress?.report('measuring', round + 1, rounds);
  }
  const timings = contenders.map(({ name }, index) => {
    const all = samples[index]!;
    let total = 0;
    for (const sample of all) total += sample;
    return {
      name,
      medianMs: quantile(all, 0.5),
      p5Ms: quantile(all, 0.05),
      p95Ms: quantile(all, 0.95),
      inferencesPerSecond: (1000 * all.length) / total,
      runs: all.length,
      roundMediansMs: medians[index]!,
    };
  });
  return { timings, ratios: medians.slice(1).map((other) => bootstrapRatio(medians[0]!, other, seed)) };
}

/** Ratio of paired round medians (`other` over `first`) with a 95 % percentile interval from 2,000 resamples of rounds. */
export function bootstrapRatio(first: readonly number[], other: readonly number[], seed: number): Ratio {
  const ratios = first.map((time, round) => other[round]! / time);
  const random = splitMix32(seed);
  const resampled: number[] = [];
  for (let draw = 0; draw < 2000; draw++) {
    resampled.push(
      quantile(
        ratios.map(() => ratios[Math.floor(random() * ratios.length)]!),
        0.5,
      ),
    );
  }
  return { ratio: quantile(ratios, 0.5), low: quantile(resampled, 0.025), high: quantile(resampled, 0.975) };
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/** SplitMix32 (Steele, Lea and Flood 2014, 32-bit finaliser of MurmurHash3): numbers in [0, 1). */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x85ebca6b);
    bits ^= bits >>> 13;
    bits = Math.imul(bits, 0xc2b2ae35);
    bits ^= bits >>> 16;
    return (bits >>> 0) / 4294967296;
  };
}
