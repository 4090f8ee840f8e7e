/** What a person is told: what is wrong, why it matters, what to do. Every check and reader speaks in these. */
export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** Positions are zero-based lines and UTF-16 columns, as in the Language Server Protocol; `end` is exclusive. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}
export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
  /** The text itself stands in a file that is imported at this range. */
  readonly imported?: { readonly path: string; readonly range: TextRange };
}

export interface Finding {
  /** Stable identifier `area/name`, e.g. `data/single-class`, `model/truncated`. */
  readonly code: string;
  readonly severity: Severity;
  /** One short sentence: what is wrong. */
  readonly what: string;
  /** Why it matters, when the sentence before does not say it. */
  readonly why?: string;
  /** What to do. */
  readonly fix?: string;
  /** File the finding is about. */
  readonly file?: string;
  readonly range?: TextRange;
  /** A replacement of `range` that mends it, for a code action. */
  readonly replacement?: string;
}

/** Thrown where the work cannot go on; carries the finding that explains it. Anything else thrown is a fault of ours. */
export class FindingError extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super([finding.what, finding.why, finding.fix].filter(Boolean).join(' '));
    this.name = 'FindingError';
    this.finding = finding;
  }
}

/** Throws an error finding. */
export function fail(code: string, what: string, more: Omit<Finding, 'code' | 'severity' | 'what'> = {}): never {
  throw new FindingError({ code, severity: 'error', what, ...more });
}
