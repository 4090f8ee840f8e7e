import { Cell, controlAddress, type KernelFunction, mostThreads, pause, workOnTiles } from './control.ts';
import { kernelTable } from './table.ts';

/** What a thread of the pool is started with; passes through structured clone. */
export interface KernelThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** 1 … threads − 1; 0 is the coordinator. */
  readonly thread: number;
  readonly cancel: Int32Array;
}

/** Checks of the generation before a thread goes to sleep: some 50 µs, the gap between two steps of a network. */
const spins = 2000;

/**
 * The program of a pool thread: call it with the data that `startThread` was given. It returns when the pool is
 * disposed; until then it works or sleeps (`Atomics.wait`), so the thread's event loop stands still.
 */
export function runKernelThread(data: unknown): void {
  const { module, memory, thread, cancel } = data as KernelThreadData;
  const functions = kernelFunctions(new WebAssembly.Instance(module, { env: { memory } }));
  const cells = new Int32Array(memory.buffer, controlAddress, Cell.active + mostThreads);
  let seen = 0;
  for (;;) {
    seen = nextGeneration(cells, seen);
    if (Atomics.load(cells, Cell.quit) !== 0) return;
    Atomics.store(cells, Cell.active + thread, 1);
    try {
      if (Atomics.load(cells, Cell.open) === 1) workOnTiles(cells, cancel, functions, thread);
    } catch {
      Atomics.store(cells, Cell.fault, 1);
    }
    Atomics.store(cells, Cell.active + thread, 0);
    Atomics.notify(cells, Cell.active + thread);
  }
}

function nextGeneration(cells: Int32Array, seen: number): number {
  for (let i = 0; i < spins; i++) {
    const generation = Atomics.load(cells, Cell.generation);
    if (generation !== seen) return generation;
    pause();
  }
  Atomics.add(cells, Cell.sleepers, 1);
  while (Atomics.load(cells, Cell.generation) === seen) Atomics.wait(cells, Cell.generation, seen);
  Atomics.sub(cells, Cell.sleepers, 1);
  return Atomics.load(cells, Cell.generation);
}

/** The module's functions in the order of the kernel table. */
export function kernelFunctions(instance: WebAssembly.Instance): readonly KernelFunction[] {
  return kernelTable.map(({ name }) => {
    const run = instance.exports[name];
    if (typeof run !== 'function') throw new Error(`The kernels have no function ${name}; generate them anew.`);
    return run as KernelFunction;
  });
}
