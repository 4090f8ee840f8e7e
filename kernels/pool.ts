import { type Call, KernelsCancelled, KernelThreadLost } from './api.ts';
import { Cell, controlAddress, type KernelFunction, mostThreads, pause, workOnTiles } from './control.ts';

/** How long one tile of work may take before its thread counts as lost; tiles are made to take well under 0.1 s. */
const defaultPatience = 20_000;
const spins = 4000;

/**
 * Runs calls on the calling thread (thread 0) and, when there are several, on the pool's. Tiles are fetched from one
 * atomic counter. A call is over when its tiles are fetched and no thread is at work.
 */
export class Pool {
  readonly threads: number;
  private readonly cells: Int32Array;
  private readonly functions: readonly KernelFunction[];
  private readonly cancel: Int32Array;
  private readonly patienceMilliseconds: number;
  private lost: number | undefined;
  /** Starts the other threads; absent once they are, and where there are none. */
  private start: (() => void) | undefined;
  private aloneMilliseconds = 0;
  private startAfterMilliseconds = 0;

  constructor(
    memory: WebAssembly.Memory,
    functions: readonly KernelFunction[],
    threads: number,
    cancel: Int32Array,
    patienceMilliseconds = defaultPatience,
  ) {
    this.cancel = cancel;
    this.patienceMilliseconds = patienceMilliseconds;
    this.cells = new Int32Array(memory.buffer, controlAddress, Cell.active + mostThreads);
    this.functions = functions;
    this.threads = threads;
  }

  /** `memory` was grown: an unshared buffer is then another one (a shared one still shows the same bytes). */
  rebind(memory: WebAssembly.Memory): Pool {
    return this.threads > 1 || memory.buffer === this.cells.buffer
      ? this
      : new Pool(memory, this.functions, this.threads, this.cancel, this.patienceMilliseconds);
  }

  /** Has `start` called as soon as calls that threads could share have taken so long. */
  startAfter(milliseconds: number, start: () => void): void {
    this.startAfterMilliseconds = milliseconds;
    this.start = start;
  }

  run(call: Call, scratch: number, scratchStride: number): void {
    if (this.lost !== undefined) throw new KernelThreadLost(this.lost);
    if (this.threads === 1 || call.items <= call.grain) this.runAlone(call, scratch);
    else {
      const done = this.runBeforeStart(call, scratch);
      if (done < call.items) this.runTogether(call, scratch, scratchStride, done);
    }
  }

  /** Tells the threads to end. */
  dispose(): void {
    if (this.threads === 1) return;
    Atomics.store(this.cells, Cell.quit, 1);
    Atomics.add(this.cells, Cell.generation, 1);
    Atomics.notify(this.cells, Cell.generation);
  }

  private runAlone(call: Call, scratch: number): void {
    for (let begin = 0; begin < call.items; begin += call.grain) this.runTile(call, begin, scratch);
  }

  private runTile({ kernel, descriptor, grain, items }: Call, begin: number, scratch: number): void {
    if (Atomics.load(this.cancel, 0) !== 0) throw new KernelsCancelled();
    this.functions[kernel]!(descriptor, begin, Math.min(begin + grain, items), scratch);
  }

  /** Items that were done until the threads were started: none where they are already. */
  private runBeforeStart(call: Call, scratch: number): number {
    let begin = 0;
    let before = performance.now();
    while (this.start !== undefined && begin < call.items) {
      if (this.aloneMilliseconds >= this.startAfterMilliseconds) {
        const { start } = this;
        this.start = undefined;
        start();
        break;
      }
      this.runTile(call, begin, scratch);
      begin += call.grain;
      const now = performance.now();
      this.aloneMilliseconds += now - before;
      before = now;
    }
    return begin;
  }

  private runTogether(call: Call, scratch: number, scratchStride: number, from: number): void {
    const cells = this.cells;
    cells[Cell.kernel] = call.kernel;
    cells[Cell.descriptor] = call.descriptor;
    cells[Cell.items] = call.items;
    cells[Cell.grain] = call.grain;
    cells[Cell.scratch] = scratch;
    cells[Cell.scratchStride] = scratchStride;
    Atomics.store(cells, Cell.next, from / call.grain);
    Atomics.store(cells, Cell.open, 1);
    Atomics.add(cells, Cell.generation, 1);
    if (Atomics.load(cells, Cell.sleepers) > 0) Atomics.notify(cells, Cell.generation);
    try {
      workOnTiles(cells, this.cancel, this.functions, 0);
    } finally {
      Atomics.store(cells, Cell.open, 0);
      for (let thread = 1; thread < this.threads; thread++) this.waitFor(thread);
    }
    if (Atomics.load(this.cancel, 0) !== 0) throw new KernelsCancelled();
    if (Atomics.load(cells, Cell.fault) !== 0) {
      Atomics.store(cells, Cell.fault, 0);
      throw new Error('A kernel trapped in a thread of the pool.');
    }
  }

  private waitFor(thread: number): void {
    const cell = Cell.active + thread;
    for (let i = 0; i < spins; i++) {
      if (Atomics.load(this.cells, cell) === 0) return;
      pause();
    }
    while (Atomics.load(this.cells, cell) !== 0) {
      if (Atomics.wait(this.cells, cell, 1, this.patienceMilliseconds) === 'timed-out') {
        this.lost = thread;
        throw new KernelThreadLost(thread);
      }
    }
  }
}
