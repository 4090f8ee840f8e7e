/** How long work tells of itself and is stopped. Every function that may take over 100 ms takes one. */
export interface Progress {
  /** `done` of `total` units of the named stage; the receiver derives the time left. */
  report(stage: string, done: number, total: number): void;
  readonly signal: AbortSignal;
}

/** Thrown (by `throwIfCancelled`) when the owner of the work cancelled it. */
export class Cancelled extends Error {
  constructor() {
    super('Cancelled.');
    this.name = 'Cancelled';
  }
}

export function throwIfCancelled(progress: Progress | undefined): void {
  if (progress?.signal.aborted) throw new Cancelled();
}
