import type { Finding, TextPosition, TextRange } from '../../engine/findings.ts';

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

/** The fixes of all findings, in the order of the text. Of two that touch, the first: the other may no longer be one then. */
export function fixesOfAll(findings: readonly Finding[]): readonly QuickFix[] {
  const fixes = findings
    .flatMap((finding) => fixOf(finding) ?? [])
    .sort((a, b) => compare(a.range.start, b.range.start));
  return fixes.filter((fix, i) => {
    const before = fixes.slice(0, i).at(-1);
    return !before || compare(before.range.end, fix.range.start) < 0;
  });
}

function compare(a: TextPosition, b: TextPosition): number {
  return a.line - b.line || a.column - b.column;
}
