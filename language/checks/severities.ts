import type { Severity } from '../../engine/findings.ts';
import { nearest } from '../../engine/nearest.ts';
import type { Check } from './check.ts';
import { syntaxFindings } from './syntax.ts';
import { checks } from './table.ts';

/** What a finding can be set to be; `off`: it is not said. */
export const severityLevels = ['error', 'warning', 'information', 'hint', 'off'] as const;
export type SeverityLevel = (typeof severityLevels)[number];

/** By code: what a person wants findings to be. */
export type Severities = Readonly<Record<string, SeverityLevel>>;

export interface ReadSeverities {
  readonly severities: Severities;
  /** Why the others do not hold: a sentence each. */
  readonly refused: readonly string[];
}

/** What a setting or the command line wishes, as far as it can hold. Anything that is no object wishes nothing. */
export function readSeverities(wishes: unknown): ReadSeverities {
  const severities: Record<string, SeverityLevel> = {};
  const refused: string[] = [];
  if (typeof wishes !== 'object' || wishes === null) return { severities, refused };
  for (const [code, wish] of Object.entries(wishes)) {
    const refusal = refusalOf(code, wish);
    if (refusal === undefined) severities[code] = wish as SeverityLevel;
    else refused.push(refusal);
  }
  return { severities, refused };
}

function refusalOf(code: string, wish: unknown): string | undefined {
  const check = checks.find((known) => known.code === code);
  if (!check && !syntaxFindings.some((known) => known.code === code)) {
    const best = nearest(
      code,
      checks.map((known) => known.code),
    );
    return `There is no finding "${code}"${best === undefined ? '.' : `; did you mean "${best}"?`}`;
  }
  if (!severityLevels.some((level) => level === wish)) {
    return `"${code}" can be ${severityLevels.slice(0, -1).join(', ')} or ${severityLevels.at(-1)}, not "${wish}".`;
  }
  if (wish !== 'error' && (!check || (check.severity === 'error' && !check.mayBeLowered))) {
    return `"${code}" stays an error: a run would do something else than the spec says, or nothing.`;
  }
  return undefined;
}

/** What a finding of a check is, given what it says of itself; undefined: it is not said. */
export function severityOf(
  check: Check,
  own: Severity | undefined,
  severities: Severities | undefined,
): Severity | undefined {
  const severity = own ?? check.severity;
  const wish = severities?.[check.code];
  if (wish === undefined || (severity === 'error' && !check.mayBeLowered)) return severity;
  return wish === 'off' ? undefined : wish;
}
