import { Cancelled, type Progress } from '../progress.ts';
import { TimeLeft } from '../run/time-left.ts';
import type { EndedRun, ProgressParams, RunStatus, ServiceProblem } from './protocol.ts';

/** Ended runs that are remembered. */
const remembered = 16;
/** Milliseconds between two progress messages of one stage. */
const interval = 100;

interface UnderWay {
  status: RunStatus;
  readonly controller: AbortController;
  readonly cancelCell?: Int32Array;
}

export interface Asked {
  readonly run: string;
  readonly kind: RunStatus['kind'];
  readonly subject: string;
  /** See `Progress.cancelCell`. */
  readonly cancelCell?: Int32Array;
}

/**
 * Runs one at a time, in the order asked. Two at once would each be slower and together need twice the memory. A run
 * belongs to the queue, not to the connection: whoever asks later finds it by its name.
 */
export class RunQueue {
  readonly #tell: (progress: ProgressParams) => void;
  readonly #runs = new Map<string, UnderWay>();
  readonly #ended: EndedRun[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  constructor(tell: (progress: ProgressParams) => void) {
    this.#tell = tell;
  }

  get running(): readonly RunStatus[] {
    return Array.from(this.#runs.values(), ({ status }) => status);
  }

  get ended(): readonly EndedRun[] {
    return this.#ended;
  }

  /** True if there was such a run. */
  cancel(run: string): boolean {
    const found = this.#runs.get(run);
    found?.controller.abort();
    if (found?.cancelCell) Atomics.store(found.cancelCell, 0, 1);
    return found !== undefined;
  }

  /**
   * @param work is given a progress whose signal `cancel` sets
   * @param problemOf says what an exception means to the owner
   */
  async add<T>(
    { cancelCell, ...asked }: Asked,
    work: (progress: Progress) => Promise<T>,
    problemOf: (error: unknown) => ServiceProblem,
  ): Promise<T> {
    if (this.#runs.has(asked.run)) throw new Error(`a run called ${asked.run} is under way`);
    const controller = new AbortController();
    const waiting = this.#runs.size > 0;
    const status: RunStatus = { ...asked, state: 'waiting', stage: 'Waiting', done: 0, total: 0 };
    this.#runs.set(asked.run, { status, controller, ...(cancelCell && { cancelCell }) });
    if (waiting) this.#tell(progressOf(status));
    const before = this.#tail;
    let begun = false;
    const mine = before.then(async () => {
      if (controller.signal.aborted) throw new Cancelled();
      begun = true;
      return work({ ...this.#progress(asked, controller.signal), ...(cancelCell && { cancelCell }) });
    });
    this.#tail = mine.catch(() => {});
    // One that still waits is answered at once, not when its turn would come.
    const given = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => begun || reject(new Cancelled()));
    });
    try {
      const result = await Promise.race([mine, given]);
      this.#end({
        ...asked,
        ended: 'done',
        ...(asked.kind === 'quantize' && { result: result as EndedRun['result'] & {} }),
      });
      return result;
    } catch (error) {
      const problem = problemOf(error);
      this.#end({ ...asked, ended: problem.kind === 'cancelled' ? 'cancelled' : 'failed', problem });
      throw error;
    }
  }

  #end(run: EndedRun): void {
    this.#runs.delete(run.run);
    this.#ended.push(run);
    if (this.#ended.length > remembered) this.#ended.shift();
  }

  #progress(asked: Asked, signal: AbortSignal): Progress {
    const timeLeft = new TimeLeft();
    let stage = '';
    let last = Number.NEGATIVE_INFINITY;
    return {
      signal,
      report: (name, done, total) => {
        const now = performance.now();
        const secondsLeft = timeLeft.update(name, done, total, now);
        const status: RunStatus = {
          ...asked,
          state: 'running',
          stage: name,
          done,
          total,
          ...(secondsLeft !== undefined && { secondsLeft }),
        };
        const entry = this.#runs.get(asked.run);
        if (entry) entry.status = status;
        if (name === stage && now - last < interval && done < total) return;
        stage = name;
        last = now;
        this.#tell(progressOf(status));
      },
    };
  }
}

function progressOf({ run, state, stage, done, total, secondsLeft }: RunStatus): ProgressParams {
  return { run, state, stage, done, total, ...(secondsLeft !== undefined && { secondsLeft }) };
}
