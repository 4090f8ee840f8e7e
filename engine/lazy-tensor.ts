import type { DataType, Tensor, TensorData } from './tensor.ts';

/** Bytes of lazy tensors that a process keeps, beyond the one in use. */
export const dataBudget = 128 * 2 ** 20;

/** Elements of one lazy tensor, as far as they are in memory now. */
interface Slot {
  data: Exclude<TensorData, string[]> | undefined;
  /** Touched since the budget last looked for something to forget. */
  used: boolean;
}

/**
 * Forgets what was fetched longest ago and not touched since (second chance: a touch costs one store) when the tensors in
 * memory outgrow the budget. The latest stays however large it is: a loop over its elements reads it once.
 */
export class DataBudget {
  readonly limit: number;
  #held = 0;
  #kept = 0;
  /** In the order fetched. */
  readonly #slots = new Set<Slot>();
  readonly #gone = new FinalizationRegistry<number>((bytes) => {
    this.#held -= bytes;
    this.#kept -= bytes;
  });

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes held or kept now. */
  get held(): number {
    return this.#held;
  }

  /** Bytes of what cannot be fetched again. */
  get kept(): number {
    return this.#kept;
  }

  /** Counts what cannot be fetched again, for as long as anything refers to it: lazy tensors have so much less room. */
  keep(data: ArrayBufferView): void {
    const bytes = ownBytes(data);
    this.#held += bytes;
    this.#kept += bytes;
    this.#gone.register(data, bytes);
  }

  hold(slot: Slot, data: NonNullable<Slot['data']>): void {
    slot.data = data;
    slot.used = false;
    this.#slots.add(slot);
    this.#held += ownBytes(data);
    // What is put back comes round again: not used by then, unless it is the new one.
    for (const oldest of this.#slots) {
      if (this.#held <= this.limit || this.#slots.size === 1) return;
      this.#slots.delete(oldest);
      if (oldest.used || oldest === slot) {
        oldest.used = false;
        this.#slots.add(oldest);
      } else {
        this.#held -= ownBytes(oldest.data!);
        oldest.data = undefined;
      }
    }
  }
}

/** A view of a larger buffer, such as a model file's, costs nothing of its own. */
function ownBytes({ buffer, byteLength }: ArrayBufferView): number {
  return buffer.byteLength === byteLength ? byteLength : 0;
}

export const processBudget = new DataBudget(dataBudget);
const lazyTensors = new WeakSet<Tensor>();

/**
 * A tensor whose elements are fetched or computed when they are touched and may be forgotten again: whoever holds one
 * holds no memory, whoever needs `data` keeps it for as long as the work takes. `load` must give the same each time.
 */
export function lazyTensor(
  dtype: Exclude<DataType, 'string'>,
  dims: readonly number[],
  load: () => TensorData,
  { budget = processBudget, data }: LazyOptions = {},
): Tensor {
  const slot: Slot = { data: undefined, used: false };
  if (data !== undefined) budget.hold(slot, data as NonNullable<Slot['data']>);
  return aliasTensor(dtype, dims, () => {
    if (slot.data !== undefined) {
      slot.used = true;
      return slot.data;
    }
    const loaded = load() as NonNullable<Slot['data']>;
    budget.hold(slot, loaded);
    return loaded;
  });
}

export interface LazyOptions {
  /** Default: the process's own, of `dataBudget` bytes. */
  readonly budget?: DataBudget;
  /** Elements that are there already. */
  readonly data?: TensorData;
}

/** A lazy tensor whose elements something else fetches and forgets. */
export function aliasTensor(dtype: DataType, dims: readonly number[], fetch: () => TensorData): Tensor {
  const tensor: Tensor = {
    dtype,
    dims,
    get data() {
      return fetch();
    },
  };
  lazyTensors.add(tensor);
  return tensor;
}

export function isLazy(tensor: Tensor): boolean {
  return lazyTensors.has(tensor);
}

/** A tensor computed from others: lazy where one of them is, so that it holds no more memory than they do. */
export function derivedTensor(
  sources: readonly Tensor[],
  dtype: Exclude<DataType, 'string'>,
  dims: readonly number[],
  compute: () => TensorData,
): Tensor {
  return sources.some(isLazy) ? lazyTensor(dtype, dims, compute) : { dtype, dims, data: compute() };
}
