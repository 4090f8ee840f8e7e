import type { Kernels, Step, Workspace } from '../../kernels/api.ts';
import type { ValueView } from '../executor/program.ts';
import { type Portion, type PortionExtremes, portionOf } from '../observers/portion.ts';

/** Fewer elements are looked at on the host sooner than a kernel is called. */
const fewest = 512;
/** The same for bins of a histogram, which are cleared and gathered. */
const fewestCounted = 8192;
/** Elements that are worth a histogram of another thread's own. */
const share = 65536;
/** A histogram's width and its inverse must be float32 numbers. */
const widths = [2 ** -126, 2 ** 126] as const;

/** Observes values where they lie in the kernels' memory. Steps are made once for each value and used for every sample. */
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
      count: (counts, width) =>
        nonFinite > 0 || this.#count < fewestCounted || width < widths[0] || width > widths[1]
          ? portionOf(this.#kernels.f32(this.#input, this.#count)).count(counts, width)
          : this.#countInto(counts, width, extremes),
    };
  }

  dispose(): void {
    this.#workspace.dispose();
  }

  #countInto(counts: Float64Array, width: number, { min, max }: PortionExtremes): number {
    const half = counts.length / 2;
    const { step, address, parts } = this.#histogramOf(half, width);
    const bins = counts.length + 4;
    const low = Math.floor(min / width) + half;
    const high = Math.floor(max / width) + half;
    const own = Array.from({ length: parts }, (_, part) => this.#kernels.i32(address + 4 * part * bins, bins));
    for (const part of own) part.fill(0);
    this.#kernels.run(step);
    let zeros = 0;
    for (const part of own) {
      for (let bin = low; bin <= high; bin++) counts[bin]! += part[bin]!;
      for (let i = counts.length; i < bins; i++) zeros += part[i]!;
    }
    return zeros;
  }

  #histogramOf(half: number, width: number): Histogram {
    if (this.#histogram?.width === width) return this.#histogram;
    const { threads } = this.#kernels.features;
    const parts = Math.max(1, Math.min(threads, Math.floor(this.#count / share)));
    const counts = this.#histogram?.address ?? this.#workspace.alloc(4 * parts * (2 * half + 4));
    const step = this.#workspace.histogram({ input: this.#input, count: this.#count, counts, half, width, parts });
    this.#histogram = { step, address: counts, parts, width };
    return this.#histogram;
  }
}

interface Histogram {
  readonly step: Step;
  readonly address: number;
  readonly parts: number;
  readonly width: number;
}
