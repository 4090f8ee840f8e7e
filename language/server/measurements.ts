import type { Host } from '../../engine/host.ts';
import { measurementKey, measurementSubject } from '../../engine/measurements/key.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import type { Job } from '../../engine/plan.ts';

/** What the client keeps under a key; null where nothing was measured. */
export type AskForMeasurements = (key: string) => Promise<Measurements | null>;

export interface Found {
  readonly key: string;
  readonly measurements: Measurements | undefined;
}

/**
 * What was measured of the models of open specs. The client keeps it, by the content of what was measured; here it is known by
 * what a spec asks for, so that a keystroke elsewhere asks nobody.
 */
export class MeasurementStore {
  readonly #host: () => Host;
  readonly #ask: AskForMeasurements;
  /** By subject. */
  readonly #found = new Map<string, Promise<Found>>();
  readonly #ofSpecs = new Map<string, Measurements>();
  readonly #hashes = new Map<string, string>();

  constructor(host: () => Host, ask: AskForMeasurements) {
    this.#host = host;
    this.#ask = ask;
  }

  /** Of an open spec, as last found by `update`. */
  get(uri: string): Measurements | undefined {
    return this.#ofSpecs.get(uri);
  }

  /**
   * Looks for what an open spec asks for. True if something else is known of it than before.
   * @param job what is to be measured for it; undefined: its rules ask for nothing
   */
  async update(uri: string, job: Job | undefined): Promise<boolean> {
    const before = this.#ofSpecs.get(uri);
    const now = job && (await this.of(job)).measurements;
    if (now) this.#ofSpecs.set(uri, now);
    else this.#ofSpecs.delete(uri);
    return now !== before;
  }

  /** Rejects where a file cannot be read. */
  of(job: Job): Promise<Found> {
    const subject = measurementSubject(job);
    const known = this.#found.get(subject);
    if (known) return known;
    const found = this.#find(job);
    this.#found.set(subject, found);
    found.catch(() => this.#found.delete(subject));
    return found;
  }

  close(uri: string): void {
    this.#ofSpecs.delete(uri);
  }

  /** Files or the client's measurements are others now. */
  forget(): void {
    this.#found.clear();
  }

  async #find(job: Job): Promise<Found> {
    const key = await measurementKey(job, this.#host(), { known: this.#hashes });
    return { key, measurements: (await this.#ask(key)) ?? undefined };
  }
}
