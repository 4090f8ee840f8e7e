import type { Dataset } from '../data/dataset.ts';
import { graphHash } from '../graph/content-hash.ts';
import type { Graph } from '../graph/graph.ts';
import { sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import { alsoRestoredFrom } from '../observers/kept.ts';
import type { Observer } from '../observers/observer.ts';
import type { Gains } from './equalize.ts';
import type { InputMoments } from './moments.ts';

/** What calibration gathered of one graph on one set of samples: numbers by what they are of. */
export type GatheredNumbers = ReadonlyMap<string, Float64Array>;

/** Where it is kept from run to run, by content (`calibrationSubject`). Nothing depends on it: what is gone is gathered again. */
export interface StatisticsCache {
  get(subject: string): Promise<GatheredNumbers | undefined>;
  put(subject: string, numbers: GatheredNumbers): Promise<void>;
}

export interface KeptPlace {
  readonly cache: StatisticsCache;
  /** By `calibrationSubject`, which reads every weight: asked for only where there is something to gather. */
  subject(): string;
}

/**
 * What gathered numbers depend on, as a hash: what the graph computes after passes and pruning, the samples, the arithmetic, and
 * the engine. Nothing else of a spec.
 */
export function calibrationSubject(
  graph: Graph,
  { hash }: Pick<Dataset, 'hash'>,
  mode: 'strict' | 'relaxed',
  toolVersion: string,
  digest: NonNullable<Host['sha256']> = sha256,
): string {
  return digest(JSON.stringify(['statistics 3', toolVersion, mode, graphHash(graph, digest), hash]));
}

/** Moments of more numbers are gathered again: 8 MiB. */
const mostNumbers = 2 ** 20;

/**
 * What is known of a graph's calibration before it begins, and what it adds. A tensor is known by the sources that its group
 * takes in, by what its observer keeps of them, and by the factors by which channels were scaled before; not by the
 * format, the scheme or the observer's arguments, which only choose at the end.
 */
export class KeptStatistics {
  readonly #cache: StatisticsCache | undefined;
  readonly #subject: string;
  readonly #numbers: Map<string, Float64Array>;
  #isNew = false;

  private constructor(cache: StatisticsCache | undefined, subject: string, numbers: GatheredNumbers | undefined) {
    this.#cache = cache;
    this.#subject = subject;
    this.#numbers = new Map(numbers);
  }

  static async open(kept: KeptPlace | undefined) {
    const subject = kept?.subject() ?? '';
    return new KeptStatistics(kept?.cache, subject, await kept?.cache.get(subject));
  }

  /** Ranges of the channels of a value in the graph as it was given. */
  ranges(value: string): Float64Array | undefined {
    return this.#numbers.get(JSON.stringify(['ranges', value]));
  }

  addRanges(value: string, ranges: Float64Array): void {
    this.#add(JSON.stringify(['ranges', value]), ranges);
  }

  /** Has an observer go on from what was kept; false where nothing was. */
  restore(observer: Observer, sources: Iterable<string>, gains: Gains): boolean {
    const { keeps } = observer;
    const also = alsoRestoredFrom(keeps);
    const found =
      this.#numbers.get(observed(keeps, sources, gains)) ??
      (also === undefined ? undefined : this.#numbers.get(observed(also, sources, gains)));
    if (found !== undefined) observer.restore(found);
    return found !== undefined;
  }

  add(observer: Observer, sources: Iterable<string>, gains: Gains): void {
    this.#add(observed(observer.keeps, sources, gains), observer.save());
  }

  restoreMoments(moments: InputMoments, node: string, gains: Gains): boolean {
    const found = this.#numbers.get(JSON.stringify(['moments', node, plain(gains)]));
    if (found !== undefined) moments.restore(found);
    return found !== undefined;
  }

  addMoments(moments: InputMoments, node: string, gains: Gains): void {
    if (moments.size <= mostNumbers) this.#add(JSON.stringify(['moments', node, plain(gains)]), moments.save());
  }

  /** What is known of the channels of a value along an axis, in the graph as it was given. */
  channels(value: string, axis: number): Float64Array | undefined {
    return this.#numbers.get(JSON.stringify(['channels', axis, value]));
  }

  addChannels(value: string, axis: number, numbers: Float64Array): void {
    this.#add(JSON.stringify(['channels', axis, value]), numbers);
  }

  async save(): Promise<void> {
    if (this.#isNew) await this.#cache?.put(this.#subject, this.#numbers);
  }

  #add(name: string, numbers: Float64Array): void {
    if (this.#cache === undefined) return;
    this.#numbers.set(name, numbers);
    this.#isNew = true;
  }
}

function observed(keeps: string, sources: Iterable<string>, gains: Gains): string {
  return JSON.stringify([keeps, [...sources].sort(), plain(gains)]);
}

function plain(gains: Gains): unknown {
  return Array.from(gains, ([value, factors]) => [value, [...factors]]);
}
