import type { Finding, TextRange } from '../../engine/findings.ts';

/** A change that mends a finding, as a code action offers it. */
export interface QuickFix {
  readonly title: string;
  readonly range: TextRange;
  readonly text: string;
}

/** Undefined where a finding has no replacement. */
export function fixOf(finding: Finding): QuickFix | undefined {
  if (finding.replacement === undefined || !finding.range) return undefined;
  const text = finding.replacement;
  const shown = text.trim().length > 60 ? `${text.trim().slice(0, 60)}…` : text.trim();
  const { start, end } = finding.range;
  const inserts = start.line === end.line && start.column === end.column;
  return { title: inserts ? `Insert ${shown}` : `Change to ${shown}`, range: finding.range, text };
}
