import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { DiscoveredData } from '../data/discover.ts';
import type { Finding } from '../findings.ts';
import type { ModelSummary } from '../graph/summary.ts';
import type { Profile } from '../hardware/profile.ts';
import type { Job } from '../plan.ts';
import type { ModelEvaluation } from '../run/evaluate-model.ts';
import type { QuantizeOptions, QuantizeResult } from '../run/quantize.ts';
import type { SensitivityReport } from '../run/sensitivity.ts';
import type { VerifyReport } from '../verify/verify.ts';

/**
 * What an engine process or worker answers; everything is plain JSON, paths are absolute. Requests are cancelled as
 * JSON-RPC cancels them. Runs wait for each other; while they wait and work, `progress` tells of them.
 */
export interface RunParams extends Confinement {
  /** Chosen by the owner, who finds the run again by it after a reload. */
  readonly run: string;
  /** Set by another thread of the engine's process when it hears of a cancel; never on the wire. See `cancelRelay`. */
  readonly cancelCell?: Int32Array;
}

/** What a request may touch. */
export interface Confinement {
  /**
   * Folders outside of which nothing is read and nothing written, after links are resolved; absent: no limit (the command
   * line's own rules hold). A path outside is a finding `file/outside`, and is not even looked at.
   */
  readonly folders?: readonly string[];
}

export interface PathParams extends Confinement {
  readonly path: string;
}

export interface QuantizeParams extends RunParams {
  readonly job: Job;
  readonly options: QuantizeOptions;
}

export interface EvaluateParams extends RunParams {
  readonly path: string;
  readonly job: Job;
  readonly samples?: number;
}

export interface VerifyParams extends RunParams {
  readonly path: string;
  readonly against?: string;
}

export interface SensitivityParams extends RunParams {
  /** The model's file. */
  readonly path: string;
  /** A spec's job on this model: its plan and its calibration data count. Absent: weights in int8 per channel, no data. */
  readonly job?: Job;
  readonly samples?: number;
}

export interface ProfileParams extends PathParams {
  readonly target: string;
}

export interface ProgressParams extends RunParams {
  /** `waiting`: another run is at work. */
  readonly state: 'waiting' | 'running';
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Seconds left of the stage; absent while unknown. */
  readonly secondsLeft?: number;
}

export interface RunStatus extends ProgressParams {
  readonly kind: 'quantize' | 'evaluate' | 'verify' | 'sensitivity';
  /** What is worked on: the spec or the model. */
  readonly subject: string;
}

/** An ended run, kept so that a window that reloads learns how it ended. */
export interface EndedRun extends RunParams {
  readonly kind: RunStatus['kind'];
  readonly subject: string;
  readonly ended: 'done' | 'failed' | 'cancelled';
  /** Of a quantize run that is done. */
  readonly result?: QuantizeResult;
  readonly problem?: ServiceProblem;
}

export interface StatusResult {
  readonly version: string;
  readonly runs: readonly RunStatus[];
  /** The most recent ones, newest last. */
  readonly ended: readonly EndedRun[];
}

/** The data of an error answer: a finding about somebody's file, or a fault of ours. */
export type ServiceProblem =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'fault'; readonly message: string; readonly stack?: string };

export const errorCodes = {
  /** The problem is a finding. */
  finding: -32001,
  /** As in the Language Server Protocol. */
  cancelled: -32800,
  /** JSON-RPC's internal error. */
  fault: -32603,
} as const;

export const requests = {
  summarize: new RequestType<PathParams, ModelSummary, ServiceProblem>('engine/summarize'),
  profile: new RequestType<ProfileParams, Profile, ServiceProblem>('engine/profile'),
  quantize: new RequestType<QuantizeParams, QuantizeResult, ServiceProblem>('engine/quantize'),
  evaluate: new RequestType<EvaluateParams, ModelEvaluation, ServiceProblem>('engine/evaluate'),
  verify: new RequestType<VerifyParams, VerifyReport, ServiceProblem>('engine/verify'),
  sensitivity: new RequestType<SensitivityParams, SensitivityReport, ServiceProblem>('engine/sensitivity'),
  /** Data beside a model that fit its input: what *Quantize* offers before it asks. Best first. */
  discoverData: new RequestType<PathParams, readonly DiscoveredData[], ServiceProblem>('engine/discoverData'),
  /** Stops a run by its name: the connection that asked for it may be gone. */
  cancel: new RequestType<RunParams, boolean, ServiceProblem>('engine/cancel'),
  status: new RequestType0<StatusResult, ServiceProblem>('engine/status'),
} as const;

export const notifications = {
  progress: new NotificationType<ProgressParams>('engine/progress'),
} as const;
