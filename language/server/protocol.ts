import type { Finding, TextRange } from '../../engine/findings.ts';
import type { Measurements } from '../../engine/measurements/measurements.ts';
import type { Job } from '../../engine/plan.ts';
import type { NewRule, RuleEdit } from '../editor/add-rule.ts';
import type { PlanTable } from '../editor/plan-table.ts';

/** What client and server say to each other beside the Language Server Protocol. */
export interface InitializationOptions {
  /** False or absent in an untrusted workspace: then no path of a spec is opened. */
  readonly trusted?: boolean;
  /** Absolute paths of folders beside the workspace's whose files specs may name (a copy lent by the client, a data disk). */
  readonly allowedFolders?: readonly string[];
  /** As the setting has it; see {@link SeveritiesParams}. */
  readonly severities?: unknown;
  /** The client's command that opens its list of suggestions; it is run after a folder of a path is taken. */
  readonly suggestCommand?: string;
  /** docs/language.md as the client can open it, for links in hovers. */
  readonly manual?: ManualPlace;
}

/** Client to server: what findings are to be, by code, is another now; whatever makes no sense is told in the log. */
export const severitiesChanged = 'qspec/severitiesChanged';

export interface SeveritiesParams {
  readonly severities: unknown;
}

export interface ManualPlace {
  readonly uri: string;
  /** Line of each heading, counted from 1, by its anchor. */
  readonly lines: Readonly<Record<string, number>>;
}

/** Client to server: the person has granted trust. */
export const trustGranted = 'qspec/trustGranted';

/** Client to server: the folders of {@link InitializationOptions.allowedFolders} are others now. */
export const allowedFoldersChanged = 'qspec/allowedFoldersChanged';

export interface AllowedFoldersParams {
  readonly allowedFolders: readonly string[];
}

/** Client to server: what a spec resolves to, read from the open document or else from the file. */
export const resolveRequest = 'qspec/resolve';

export interface ResolveParams {
  readonly uri: string;
}

export interface ResolveResult {
  /** Absent if a finding is an error, or in an untrusted workspace. */
  readonly job?: Job;
  /** In place of a job: what has to be measured before the spec resolves. */
  readonly pending?: Pending;
  readonly findings: readonly Finding[];
}

/** A measurement that is to be made. */
export interface Pending {
  /** What the client keeps it by. */
  readonly key: string;
  /** What the spec asks for without the rules that wait for the measurement. */
  readonly job: Job;
}

/** Server to client: what it keeps under a key; null where there is nothing. */
export const measuredRequest = 'qspec/measured';

export interface MeasuredParams {
  readonly key: string;
}

export type MeasuredResult = Measurements | null;

/** Client to server: something was measured, or all was cleared. */
export const measurementsChanged = 'qspec/measurementsChanged';

/** Client to server: the absolute path of the model that each spec names; null where it names none or may not be read. */
export const modelsNamedRequest = 'qspec/modelsNamed';

export interface ModelsNamedParams {
  readonly uris: readonly string[];
}

export type ModelsNamedResult = readonly (string | null)[];

/** Client to server: the `expect` lines of a spec, of the open document or else of the file; none where it may not be read. */
export const expectationsRequest = 'qspec/expectations';

export interface ExpectationsParams {
  readonly uri: string;
}

export type ExpectationsResult = readonly {
  /** As written, on one line. */
  readonly text: string;
  readonly range: TextRange;
}[];

/** Server to client: how far the model that an open document names is read; sent when that changes. */
export const modelStateNotification = 'qspec/modelState';

export interface ModelStateParams {
  readonly uri: string;
  /** `none`: no model is named, or nothing is opened because the workspace is not trusted. */
  readonly state: 'loading' | 'loaded' | 'failed' | 'none';
}

/** Server to client: an open document was checked and its findings published; what it decides may be another now. */
export const checkedNotification = 'qspec/checked';

export interface CheckedParams {
  readonly uri: string;
}

/** Client to server: what an open document decides for each layer of its model. */
export const planRequest = 'qspec/plan';

export interface PlanParams {
  readonly uri: string;
}

export type PlanResult =
  /** `model`: its absolute path. */
  | { readonly kind: 'table'; readonly model: string; readonly table: PlanTable }
  | { readonly kind: 'loading'; readonly model: string }
  /** The text cannot be read for now: what was known of it still serves. */
  | { readonly kind: 'syntax'; readonly finding: Finding }
  | { readonly kind: 'none'; readonly finding: Finding };

/** Client to server: the change that adds a rule to an open document; null while its text cannot be read. */
export const ruleEditRequest = 'qspec/ruleEdit';

export interface RuleEditParams {
  readonly uri: string;
  readonly rule: NewRule;
}

export type RuleEditResult = RuleEdit | null;

/** Server (in a browser) to client, which has the files. Paths are those of `file:`-like URIs. */
export const fileRequests = {
  stat: 'qspec/files/stat',
  read: 'qspec/files/read',
  list: 'qspec/files/list',
} as const;
