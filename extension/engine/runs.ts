import * as vscode from 'vscode';
import { FindingError } from '../../engine/findings.ts';
import type { Job } from '../../engine/plan.ts';
import { Cancelled } from '../../engine/progress.ts';
import type { QuantizeResult } from '../../engine/run/quantize.ts';
import { formatCount, formatTimeLeft } from '../../engine/run/time-left.ts';
import type { EngineClient, RunOptions } from '../../engine/service/client.ts';
import type { ProgressParams } from '../../engine/service/protocol.ts';
import { allowedFolders } from '../settings.ts';
import { EngineEnded, type EngineOwner } from './owner.ts';

/** How a run ended, for whoever tells the person. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'finding'; readonly error: FindingError }
  | { readonly kind: 'ended'; readonly error: EngineEnded }
  | { readonly kind: 'fault'; readonly error: unknown };

/** A run under way, remembered beyond the window's life. */
export interface RememberedRun {
  readonly run: string;
  /** URI of the spec. */
  readonly subject: string;
}

/** Milliseconds that the engine has to hear a cancel before it is ended. */
const patience = 3000;
const memoryKey = 'qspec.runs';

/**
 * Long work of the engine: in its queue, with progress, cancelled at once. A run that the window does not live to see
 * the end of is remembered, and told of by the next window.
 */
export class Runs {
  readonly #engine: EngineOwner;
  readonly #memory: vscode.Memento;
  readonly #pathOf: (uri: vscode.Uri) => string | undefined;
  #count = 0;
  #closing = false;
  #working = new Set<string>();

  constructor(engine: EngineOwner, memory: vscode.Memento, pathOf: (uri: vscode.Uri) => string | undefined) {
    this.#engine = engine;
    this.#memory = memory;
    this.#pathOf = pathOf;
  }

  /** The folders that the engine may touch. */
  get folders(): readonly string[] {
    const workspace = vscode.workspace.workspaceFolders?.flatMap(({ uri }) => this.#pathOf(uri) ?? []) ?? [];
    return [...workspace, ...allowedFolders()];
  }

  /** Carries a job out, told of in a notification with Cancel. */
  async quantize(
    spec: vscode.Uri,
    title: string,
    job: Job,
    folders: readonly string[],
  ): Promise<Outcome<QuantizeResult>> {
    const name = this.#name();
    await this.#remember({ run: name, subject: spec.toString() });
    try {
      return await this.inNotification(title, (progress, token) =>
        this.work(name, token, progress, (client, run) => client.quantize(job, { write: true }, { ...run, folders })),
      );
    } finally {
      // The window closes under the run: the next one has something to tell.
      if (!this.#closing) await this.#forget(name);
    }
  }

  /**
   * Any other long work of the engine.
   * @param tell is given the stage with its time left, and the share done of the stage or null
   */
  async work<T>(
    name: string | undefined,
    token: vscode.CancellationToken,
    tell: (text: string, share: number | null) => void,
    request: (client: EngineClient, run: RunOptions) => Promise<T>,
  ): Promise<Outcome<T>> {
    const run = name ?? this.#name();
    const controller = new AbortController();
    let forced: ReturnType<typeof setTimeout> | undefined;
    const onCancel = () => {
      controller.abort();
      tell('Cancelling', null);
      forced = setTimeout(() => this.#engine.stop(), patience);
    };
    const subscription = token.onCancellationRequested(onCancel);
    this.#working.add(run);
    tell('Starting', null);
    try {
      for (;;) {
        if (token.isCancellationRequested) return { kind: 'cancelled' };
        let waiting = false;
        const onProgress = (progress: ProgressParams) => {
          waiting = progress.state === 'waiting';
          if (!token.isCancellationRequested) tell(progressText(progress), shareOf(progress));
        };
        try {
          const result = await this.#engine.ask((client) =>
            request(client, { run, signal: controller.signal, onProgress }),
          );
          return { kind: 'done', result };
        } catch (error) {
          // The engine was ended for another run's sake: this one, which only waited, begins anew.
          if (error instanceof EngineEnded && waiting && !token.isCancellationRequested && !this.#closing) continue;
          return outcomeOf(error, token);
        }
      }
    } finally {
      clearTimeout(forced);
      subscription.dispose();
      this.#working.delete(run);
    }
  }

  inNotification<T>(
    title: string,
    work: (tell: (text: string) => void, token: vscode.CancellationToken) => Promise<T>,
  ): Promise<T> {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return Promise.resolve(
      vscode.window.withProgress(options, (progress, token) => work((message) => progress.report({ message }), token)),
    );
  }

  /** Runs that an earlier window left behind; asked once. */
  async left(): Promise<readonly RememberedRun[]> {
    const left = this.#memory.get<RememberedRun[]>(memoryKey, []);
    if (left.length > 0) await this.#memory.update(memoryKey, undefined);
    return left;
  }

  /** The window closes. */
  close(): void {
    this.#closing = true;
  }

  #name(): string {
    return `window-${Date.now().toString(36)}-${this.#count++}`;
  }

  async #remember(run: RememberedRun): Promise<void> {
    await this.#memory.update(memoryKey, [...this.#memory.get<RememberedRun[]>(memoryKey, []), run]);
  }

  async #forget(name: string): Promise<void> {
    const others = this.#memory.get<RememberedRun[]>(memoryKey, []).filter(({ run }) => run !== name);
    await this.#memory.update(memoryKey, others.length > 0 ? others : undefined);
  }
}

function outcomeOf(error: unknown, token: vscode.CancellationToken): Outcome<never> {
  if (error instanceof Cancelled || token.isCancellationRequested) return { kind: 'cancelled' };
  if (error instanceof FindingError) return { kind: 'finding', error };
  if (error instanceof EngineEnded) return { kind: 'ended', error };
  return { kind: 'fault', error };
}

/** `Calibrating 12/100 · 8 s left`. */
export function progressText({ state, stage, done, total, secondsLeft }: ProgressParams): string {
  if (state === 'waiting') return 'Waiting for another run';
  return `${stage}${formatCount(done, total)}${secondsLeft === undefined ? '' : ` · ${formatTimeLeft(secondsLeft)}`}`;
}

function shareOf({ state, done, total }: ProgressParams): number | null {
  return state === 'running' && total > 1 ? Math.min(1, done / total) : null;
}
