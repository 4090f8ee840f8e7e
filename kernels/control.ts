/**
 * The block of int32 cells at a fixed address through which the threads of a pool agree. Only `Atomics` touch it,
 * but for the job's fields, which are written while no thread is at work.
 */
export const controlAddress = 1024;
const controlBytes = 1024;
/** float32 constants of the kernels (`constants.ts`), written when the memory is made and never again. */
export const constantsAddress = controlAddress + controlBytes;
const constantsBytes = 1024;
/** First byte that the arena may give away; 0 stays "no address". */
export const arenaBase = constantsAddress + constantsBytes;

export const Cell = {
  /** Counts the jobs; threads sleep on it. */
  generation: 1,
  /** 1 while tiles of the current job may be fetched. */
  open: 2,
  /** Number of the next tile. */
  next: 3,
  kernel: 4,
  descriptor: 5,
  items: 6,
  grain: 7,
  scratch: 8,
  scratchStride: 9,
  /** 1: the threads end. */
  quit: 10,
  /** Threads asleep on `generation`. */
  sleepers: 11,
  /** 1 when a kernel trapped in another thread. */
  fault: 12,
  /** Address of the scratch that all threads share; kernels/assembly/qconv.ts reads it. */
  sharedScratch: 13,
  /** One cell a thread from here on: 1 while it is at work. */
  active: 16,
} as const;

export const mostThreads = 128;

/** `Atomics.pause` where the machine has it (Node 24), else nothing. */
export const pause: () => void =
  (Atomics as unknown as { pause?: () => void }).pause?.bind(Atomics) ?? (() => undefined);

export type KernelFunction = (descriptor: number, begin: number, end: number, scratch: number) => void;

/** Fetches and does tiles of the job in `cells` until none are left or `cancel` is set. */
export function workOnTiles(
  cells: Int32Array,
  cancel: Int32Array,
  functions: readonly KernelFunction[],
  thread: number,
): void {
  const run = functions[cells[Cell.kernel]!]!;
  const descriptor = cells[Cell.descriptor]!;
  const items = cells[Cell.items]!;
  const grain = cells[Cell.grain]!;
  const scratch = cells[Cell.scratch]! + thread * cells[Cell.scratchStride]!;
  while (Atomics.load(cancel, 0) === 0) {
    const begin = Atomics.add(cells, Cell.next, 1) * grain;
    if (begin >= items) return;
    run(descriptor, begin, Math.min(begin + grain, items), scratch);
  }
}
