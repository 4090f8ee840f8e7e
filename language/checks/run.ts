import type { Finding } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { byPosition } from '../grammar/load.ts';
import { checks } from './table.ts';

/** Findings of one check beyond this number are counted, not listed. */
const mostPerCheck = 100;

/** All findings of a spec, those of its syntax among them, in the order of the file. */
export function runChecks(spec: CheckedSpec): readonly Finding[] {
  const findings: Finding[] = [...spec.spec.findings];
  for (const row of checks) {
    if (row.needs === 'model' && !spec.model) continue;
    if (row.needs === 'files' && !spec.fileAt) continue;
    let count = 0;
    for (const remark of row.check(spec)) {
      if (++count > mostPerCheck) break;
      findings.push({ code: row.code, severity: row.severity, ...remark, file: spec.spec.path });
    }
  }
  return findings.sort(byPosition);
}
