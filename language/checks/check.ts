import type { Finding, Severity } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';

/** What a check says; its code, its severity and the file are added. */
export type Remark = Omit<Finding, 'code' | 'severity' | 'file'> & {
  /** Where one check speaks in two tones. */
  readonly severity?: Severity;
};

/** Parts of docs/findings.md. */
export const sections = {
  reading: 'Reading',
  spec: 'The spec as a whole',
  targets: 'Targets and budgets',
  data: 'Data',
  formats: 'Formats',
  rules: 'Rules',
  blocks: 'Passes, pruning, training',
  results: 'Search, export, expectations',
} as const;

/** What docs/findings.md says of a code: general, where a finding itself is about one place of one spec. */
export interface Description {
  /** Stable, `area/name`. */
  readonly code: string;
  readonly severity: Severity;
  readonly section: keyof typeof sections;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /**
   * Statements that give the finding, about `exampleNetwork` of test/language/support/model.ts. What names no model and
   * has no header stands below `qspec 1` and `model "network.onnx"`. Absent where it would fill a page.
   */
  readonly example?: string;
}

/** A check is one file named as a sentence (*must*: error, *should*: warning or less), one line in the table, one folder of resources with its code (`/` as `-`). */
export interface Check extends Description {
  readonly example: string;
  /**
   * Of an error: a setting may make it less, or turn it off, since a run does what the spec says all the same. All other errors
   * stay errors: the run would do something else, or nothing.
   */
  readonly mayBeLowered?: boolean;
  /** What must be known of the surroundings: the model's summary, or what lies at the paths. */
  readonly needs?: 'model' | 'files';
  remarks(spec: CheckedSpec): Iterable<Remark>;
}
