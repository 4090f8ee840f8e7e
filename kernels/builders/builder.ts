import type { Address, Call, Clamp, Step } from '../api.ts';
import { layoutOf, writeArguments } from '../descriptor.ts';
import type { LoadedKernels } from '../kernels.ts';
import { type ArgumentsOf, type KernelName, kernelNumber } from '../table.ts';

/** What step builders work with: memory of one workspace, and calls written into it. */
export interface Builder {
  readonly kernels: LoadedKernels;
  alloc(bytes: number): Address;
  free(address: Address): void;
}

/** Elementary operations that a tile must be worth before several threads share a call: some 20 µs. */
const tileWork = 200_000;

/**
 * Writes the arguments of one kernel call. `work` is the number of elementary operations (multiply-adds, elements) of
 * the whole call; it decides how many items a tile has, and so whether threads share it.
 */
export function call<N extends KernelName>(
  builder: Builder,
  kernel: N,
  values: ArgumentsOf<N>,
  items: number,
  work: number,
): Call {
  const descriptor = builder.alloc(layoutOf(kernel).bytes);
  writeArguments(kernel, builder.kernels.view(), descriptor, values);
  return { kernel: kernelNumber.get(kernel)!, descriptor, items, grain: grainOf(items, work) };
}

export function step(name: string, ...calls: readonly Call[]): Step {
  return { name, calls: calls.filter((one) => one.items > 0) };
}

/** Whether threads share a call of that much work. */
export function isShared(work: number): boolean {
  return work > 2 * tileWork;
}

/** Items a tile: enough work to pay for fetching it, at most one part in 8 of the whole per thread-sized share. */
function grainOf(items: number, work: number): number {
  if (items <= 1 || !isShared(work)) return Math.max(1, items);
  return Math.max(1, Math.min(items, Math.ceil((items * tileWork) / work)));
}

export function bounds(clamp: Clamp | undefined): { readonly min: number; readonly max: number } {
  return { min: clamp?.min ?? Number.NEGATIVE_INFINITY, max: clamp?.max ?? Number.POSITIVE_INFINITY };
}

/** Copies numbers into kernel memory that lives as long as the workspace. */
export function place(builder: Builder, values: ArrayBufferView): Address {
  const address = builder.alloc(values.byteLength);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  builder.kernels.u8(address, bytes.length).set(bytes);
  return address;
}

export function requirePositive(what: string, ...sizes: readonly number[]): void {
  for (const size of sizes)
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${what}: ${size} is no size.`);
}
