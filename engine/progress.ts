/** How long work tells of itself and is stopped. Every function that may take over 100 ms takes one. */
export interface Progress {
  /** `done` of `total` units of the named stage; the receiver derives the time left. */
  report(stage: string, done: number, total: number): void;
  readonly signal: AbortSignal;
  /**
   * One int32 over shared memory that another thread makes non-zero as soon as it hears of the cancel: the signal can only be
   * set when the event loop turns, and a long operator does not let it. Absent where no other thread listens.
   */
  readonly cancelCell?: Int32Array;
}

/** Thrown (by `throwIfCancelled`) when the owner of the work cancelled it. */
export class Cancelled extends Error {
  constructor() {
    super('Cancelled.');
    this.name = 'Cancelled';
  }
}

export function throwIfCancelled(progress: Progress | undefined): void {
  if (progress?.signal.aborted || isSet(progress?.cancelCell)) throw new Cancelled();
}

function isSet(cell: Int32Array | undefined): boolean {
  return cell !== undefined && Atomics.load(cell, 0) !== 0;
}

let polled: Int32Array | undefined;

/** Does work that awaits nothing; `poll` within it, however deep, hears of the cancel. Throws `Cancelled`. */
export function interruptible<T>(progress: Progress | undefined, work: () => T): T {
  const outer = polled;
  polled = progress?.cancelCell ?? outer;
  try {
    return work();
  } finally {
    polled = outer;
  }
}

/**
 * To be called in loops that may take over 100 ms, some thousand operations apart: a load where a cancel can be heard, nothing
 * elsewhere. Throws `Cancelled` out of `interruptible`.
 */
export function poll(): void {
  if (isSet(polled)) throw new Cancelled();
}

/** Milliseconds of work after which the event loop gets its turn. */
const breath = 50;

/**
 * Lets long work hear that it is cancelled. Work that awaits nothing but itself keeps the event loop from its turn, and
 * without one no Ctrl-C and no cancel message is ever heard.
 */
export class Breather {
  readonly #progress: Progress | undefined;
  #last = performance.now();

  constructor(progress: Progress | undefined) {
    this.#progress = progress;
  }

  /** To be awaited between steps: costs next to nothing unless it is time. Throws `Cancelled`. */
  async pause(): Promise<void> {
    if (performance.now() - this.#last >= breath) {
      await turn();
      this.#last = performance.now();
    }
    throwIfCancelled(this.#progress);
  }
}

/** Lets timers, signals and messages be handled. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
