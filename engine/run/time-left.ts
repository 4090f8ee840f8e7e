/**
 * Estimates the time left of a stage from its own pace. The pace is a mean over the whole stage, so a slow start (a
 * cold cache) fades but does not vanish; nothing is said before there is something to go by.
 */
export class TimeLeft {
  #stage = '';
  #begun = 0;
  #doneAtBegin = 0;

  /**
   * @param now milliseconds of a steady clock
   * @returns seconds left of this stage, or undefined while unknown
   */
  update(stage: string, done: number, total: number, now: number): number | undefined {
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#begun = now;
      this.#doneAtBegin = done;
      return undefined;
    }
    const did = done - this.#doneAtBegin;
    const seconds = (now - this.#begun) / 1000;
    if (did <= 0 || total <= done || seconds < 0.3) return undefined;
    return (seconds / did) * (total - done);
  }
}

/** ` 12/100`, of what is done whole; nothing where there is one thing to do. */
export function formatCount(done: number, total: number): string {
  return total > 1 ? ` ${Math.floor(Math.min(done, total))}/${total}` : '';
}

/** `8 s left`, `2 min 10 s left`, `1 h 5 min left`. */
export function formatTimeLeft(seconds: number): string {
  return `${formatDuration(Math.max(1, Math.round(seconds)))} left`;
}

/** Whole seconds as a person says them. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 < 1 ? `${minutes} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
