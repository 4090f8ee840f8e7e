import type { Kernels, Step, Workspace } from '../../kernels/api.ts';
import type { ValueView } from '../executor/program.ts';
import { type Portion, type PortionExtremes, portionOf, type Tally } from '../observers/portion.ts';

/** Fewer elements are looked at on the host sooner than a kernel is called. */
const fewest = 512;
/** Elements that are worth a histogram of another thread's own. */
const share = 65536;
/** A histogram's width and its inverse must be float32 numbers. */
const widths = [2 ** -126, 2 ** 126] as const;
/** Most elements in a kernel's counts, which are of 32 bits. */
const mostCounted = 2 ** 31 - 1;

/**
 * Observes values where they lie in the kernels' memory. Steps are made once for each value and used for every sample; histograms grow
 * there from sample to sample, and are brought to the observer when it looks or wants other bins.
 */
export class KernelPortions {
  readonly #steps = new Map<string, ObservationSteps>();

  /** The view's values; as a view, valid only while they are shown. Float32 values alone are observed. */
  of(value: string, { data, memory }: ValueView): Portion {
    const values = data as Float32Array;
    if (memory === undefined || values.length < fewest) return portionOf(values);
    const known = this.#steps.get(value);
    const steps = known ?? new ObservationSteps(memory.kernels, memory.address, values.length);
    if (known === undefined) this.#steps.set(value, steps);
    return steps.portion();
  }

  dispose(): void {
    for (const steps of this.#steps.values()) steps.dispose();
  }
}

class ObservationSteps {
  readonly #kernels: Kernels;
  readonly #workspace: Workspace;
  readonly #input: number;
  readonly #count: number;
  readonly #minMax: Step;
  readonly #found: number;
  #histogram: Histogram | undefined;
  /** For whom the histogram grows, elements that are in it, and the first and last of its bins that may hold any. */
  #owner: Tally | undefined;
  #counted = 0;
  #first = 0;
  #last = -1;

  constructor(kernels: Kernels, address: number, count: number) {
    this.#kernels = kernels;
    this.#workspace = kernels.workspace();
    this.#input = address;
    this.#count = count;
    this.#found = this.#workspace.alloc(12);
    this.#minMax = this.#workspace.minMax({ input: address, count, output: this.#found });
  }

  portion(): Portion {
    this.#kernels.run(this.#minMax);
    const [min, max] = this.#kernels.f32(this.#found, 2) as unknown as [number, number];
    const nonFinite = this.#kernels.i32(this.#found + 8, 1)[0]!;
    const extremes: PortionExtremes = { count: this.#count - nonFinite, min, max, nonFinite };
    return {
      extremes,
      count: (tally) => {
        if (nonFinite > 0 || tally.width < widths[0] || tally.width > widths[1])
          portionOf(this.#kernels.f32(this.#input, this.#count)).count(tally);
        else this.#countFor(tally, extremes);
      },
    };
  }

  /** Brings what was counted to whom it was counted for. */
  dispose(): void {
    this.#bring();
    this.#workspace.dispose();
  }

  #countFor(tally: Tally, { min, max }: PortionExtremes): void {
    if (this.#owner !== tally || this.#counted + this.#count > mostCounted) {
      this.#bring();
      this.#owner = tally;
      tally.owed.add(this.#bring);
      this.#first = tally.counts.length;
      this.#last = -1;
    }
    const half = tally.counts.length / 2;
    this.#counted += this.#count;
    this.#first = Math.min(this.#first, Math.floor(min / tally.width) + half);
    this.#last = Math.max(this.#last, Math.floor(max / tally.width) + half);
    this.#kernels.run(this.#histogramOf(tally).step);
  }

  readonly #bring = (): void => {
    const tally = this.#owner;
    if (tally === undefined) return;
    const { counts } = tally;
    const { address, parts } = this.#histogramOf(tally);
    const bins = counts.length + 4;
    for (let part = 0; part < parts; part++) {
      const own = this.#kernels.i32(address + 4 * part * bins, bins);
      for (let bin = this.#first; bin <= this.#last; bin++) counts[bin]! += own[bin]!;
      for (let i = counts.length; i < bins; i++) tally.zeros += own[i]!;
      own.fill(0);
    }
    tally.owed.delete(this.#bring);
    this.#owner = undefined;
    this.#counted = 0;
  };

  #histogramOf({ counts: { length }, width }: Tally): Histogram {
    if (this.#histogram?.width === width) return this.#histogram;
    const { threads } = this.#kernels.features;
    const parts = Math.max(1, Math.min(threads, Math.floor(this.#count / share)));
    const size = parts * (length + 4);
    const counts = this.#histogram?.address ?? this.#workspace.alloc(4 * size);
    if (this.#histogram === undefined) this.#kernels.i32(counts, size).fill(0);
    const values = { input: this.#input, count: this.#count, counts, half: length / 2, width, parts };
    this.#histogram = { step: this.#workspace.histogram(values), address: counts, parts, width };
    return this.#histogram;
  }
}

interface Histogram {
  readonly step: Step;
  readonly address: number;
  readonly parts: number;
  readonly width: number;
}
