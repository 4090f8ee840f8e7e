import { type CancellationToken, CancellationTokenSource, type MessageConnection, ResponseError } from 'vscode-jsonrpc';
import type { DiscoveredData } from '../data/discover.ts';
import { FindingError } from '../findings.ts';
import type { ModelSummary } from '../graph/summary.ts';
import type { Profile } from '../hardware/profile.ts';
import type { Job } from '../plan.ts';
import { Cancelled } from '../progress.ts';
import type { ModelEvaluation } from '../run/evaluate-model.ts';
import type { QuantizeOptions, QuantizeResult } from '../run/quantize.ts';
import type { SensitivityReport } from '../run/sensitivity.ts';
import type { VerifyReport } from '../verify/verify.ts';
import {
  type Confinement,
  notifications,
  type PathParams,
  type ProfileParams,
  type ProgressParams,
  requests,
  type ServiceProblem,
  type StatusResult,
} from './protocol.ts';

export interface RunOptions {
  /** A name of the owner's choice; absent: one is made up. */
  readonly run?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ProgressParams) => void;
}

/** The owner's side of the protocol: promises that fail with the same `FindingError` and `Cancelled` as the engine itself. */
export class EngineClient {
  readonly #connection: MessageConnection;
  readonly #listeners = new Map<string, (progress: ProgressParams) => void>();
  #counter = 0;

  /** @param connection not yet listening: the client starts it */
  constructor(connection: MessageConnection) {
    this.#connection = connection;
    connection.onNotification(notifications.progress, (progress) => this.#listeners.get(progress.run)?.(progress));
    connection.listen();
  }

  summarize(params: PathParams, signal?: AbortSignal): Promise<ModelSummary> {
    return this.#ask((token) => this.#connection.sendRequest(requests.summarize, params, token), signal);
  }

  profile(params: ProfileParams, signal?: AbortSignal): Promise<Profile> {
    return this.#ask((token) => this.#connection.sendRequest(requests.profile, params, token), signal);
  }

  quantize(
    job: Job,
    options: QuantizeOptions,
    { folders, ...run }: RunOptions & Confinement = {},
  ): Promise<QuantizeResult> {
    return this.#run(run, (name, token) =>
      this.#connection.sendRequest(requests.quantize, { run: name, job, options, ...(folders && { folders }) }, token),
    );
  }

  evaluate(
    path: string,
    job: Job,
    { folders, samples, ...run }: RunOptions & Confinement & { readonly samples?: number } = {},
  ): Promise<ModelEvaluation> {
    return this.#run(run, (name, token) =>
      this.#connection.sendRequest(
        requests.evaluate,
        { run: name, path, job, ...(samples !== undefined && { samples }), ...(folders && { folders }) },
        token,
      ),
    );
  }

  verify(path: string, against?: string, { folders, ...run }: RunOptions & Confinement = {}): Promise<VerifyReport> {
    return this.#run(run, (name, token) =>
      this.#connection.sendRequest(
        requests.verify,
        { run: name, path, ...(against !== undefined && { against }), ...(folders && { folders }) },
        token,
      ),
    );
  }

  sensitivity(
    path: string,
    options: { readonly job?: Job; readonly samples?: number } & Confinement,
    run: RunOptions = {},
  ): Promise<SensitivityReport> {
    return this.#run(run, (name, token) =>
      this.#connection.sendRequest(requests.sensitivity, { run: name, path, ...options }, token),
    );
  }

  discoverData(params: PathParams, signal?: AbortSignal): Promise<readonly DiscoveredData[]> {
    return this.#ask((token) => this.#connection.sendRequest(requests.discoverData, params, token), signal);
  }

  /** Runs under way and how the latest ended: what a window that was reloaded asks first. */
  status(): Promise<StatusResult> {
    return this.#ask(() => this.#connection.sendRequest(requests.status));
  }

  /** Stops a run that another connection or an earlier window asked for. */
  cancel(run: string): Promise<boolean> {
    return this.#ask(() => this.#connection.sendRequest(requests.cancel, { run }));
  }

  /** Listens to a run that is under way already. */
  follow(run: string, onProgress: (progress: ProgressParams) => void): () => void {
    this.#listeners.set(run, onProgress);
    return () => this.#listeners.delete(run);
  }

  dispose(): void {
    this.#connection.dispose();
  }

  async #run<T>(options: RunOptions, send: (run: string, token: CancellationToken) => Promise<T>): Promise<T> {
    const run = options.run ?? `run-${++this.#counter}`;
    if (options.onProgress) this.#listeners.set(run, options.onProgress);
    try {
      return await this.#ask((token) => send(run, token), options.signal);
    } finally {
      this.#listeners.delete(run);
    }
  }

  async #ask<T>(send: (token: CancellationToken) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const source = new CancellationTokenSource();
    const cancel = () => source.cancel();
    if (signal?.aborted) throw new Cancelled();
    signal?.addEventListener('abort', cancel);
    try {
      return await send(source.token);
    } catch (error) {
      throw thrown(error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      source.dispose();
    }
  }
}

/** What the engine threw, as it was. */
function thrown(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const problem = error.data as ServiceProblem | undefined;
  if (problem?.kind === 'finding') return new FindingError(problem.finding);
  if (problem?.kind === 'cancelled') return new Cancelled();
  const fault = new Error(error.message);
  if (problem?.kind === 'fault' && problem.stack !== undefined) fault.stack = problem.stack;
  return fault;
}
