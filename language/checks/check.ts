import type { Finding, Severity } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';

/** What a check says; the table adds code, severity and file. */
export type Remark = Omit<Finding, 'code' | 'severity' | 'file'> & {
  /** Where one check speaks in two tones. */
  readonly severity?: Severity;
};

/** A check is one function named as a sentence (*must*: error, *should*: warning or less), one line in the table, one resource folder. */
export type Check = (spec: CheckedSpec) => Iterable<Remark>;

export interface CheckRow {
  /** Stable, `area/name`; also the name of its resource folder with `/` as `-`. */
  readonly code: string;
  readonly severity: Severity;
  readonly check: Check;
  /** Needs the model's summary. */
  readonly needs?: 'model' | 'files';
}
