import type { StageReport } from '../report/report.ts';

/** Wall time of the stages of a run, in order; a stage that comes again adds to itself. */
export class Stopwatch {
  readonly #seconds = new Map<string, number>();

  async time<T>(stage: string, work: () => Promise<T> | T): Promise<T> {
    const begin = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds.set(stage, (this.#seconds.get(stage) ?? 0) + (performance.now() - begin) / 1000);
    }
  }

  get stages(): readonly StageReport[] {
    return Array.from(this.#seconds, ([name, seconds]) => ({ name, seconds }));
  }
}
