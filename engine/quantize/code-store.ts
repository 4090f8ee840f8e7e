import { FindingError } from '../findings.ts';
import type { ScratchFile } from '../host.ts';
import { type DataBudget, processBudget } from '../lazy-tensor.ts';
import { remembered } from '../remembered.ts';

interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * Packed codes that data decided: nobody works them out again, so they stay until they are exported. Half of what lazy tensors may
 * take is theirs in memory; what is more goes into a scratch file. Without one, or where it takes no more, they stay in memory.
 */
export class CodeStore {
  readonly #scratch: ScratchFile | undefined;
  readonly #budget: DataBudget;
  #takesMore = true;
  #end = 0;
  /** Offsets of what nobody refers to any more, by length: layers are often put into codes more than once. */
  readonly #free = new Map<number, number[]>();
  readonly #gone = new FinalizationRegistry<Range>(({ offset, length }) => {
    remembered(this.#free, length, () => []).push(offset);
  });

  constructor(scratch?: ScratchFile, budget = processBudget) {
    this.#scratch = scratch;
    this.#budget = budget;
  }

  /** The same bytes as often as they are asked for, until the store is closed. Throws `file/…` findings. */
  keep(packed: Uint8Array): () => Uint8Array {
    const isTooMuch = this.#budget.kept + packed.length > this.#budget.limit / 2;
    const range = isTooMuch ? this.#putAside(packed) : undefined;
    if (range !== undefined) return this.#reader(range);
    this.#budget.keep(packed);
    return () => packed;
  }

  close(): void {
    this.#scratch?.close();
  }

  #putAside(packed: Uint8Array): Range | undefined {
    if (this.#scratch === undefined || !this.#takesMore) return undefined;
    const { length } = packed;
    const again = this.#free.get(length)?.pop();
    const offset = again ?? this.#end;
    try {
      this.#scratch.write(packed, offset);
    } catch (error) {
      // A full disk or a folder that may not be written to: slower or larger, but no reason to end a run.
      if (!(error instanceof FindingError)) throw error;
      this.#takesMore = false;
      return undefined;
    }
    if (again === undefined) this.#end += length;
    return { offset, length };
  }

  /** Apart from `keep`, whose bytes would stay in memory with what refers to its scope. */
  #reader(range: Range): () => Uint8Array {
    const scratch = this.#scratch!;
    const read = () => scratch.read(range.offset, range.length);
    this.#gone.register(read, range);
    return read;
  }
}
