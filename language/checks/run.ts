import type { Finding } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { byPosition } from '../grammar/load.ts';
import { severityOf } from './severities.ts';
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
    for (const remark of row.remarks(spec)) {
      const severity = severityOf(row, remark.severity, spec.severities);
      if (severity === undefined) continue;
      if (++count > mostPerCheck) break;
      const finding: Finding = { code: row.code, ...remark, severity, file: spec.spec.path };
      const told = finding.range?.imported ? aboutImport(finding, spec) : finding;
      if (told) findings.push(told);
    }
  }
  return findings.sort(byPosition);
}

/**
 * A finding about what stands in an imported file, as it is told at the `import`: only errors, since a base may say more than
 * one spec needs, and without a fix, which would mend the wrong file. In the imported file itself nothing changes.
 */
function aboutImport(finding: Finding, { spec, path }: CheckedSpec): Finding | undefined {
  const { path: file, range } = finding.range!.imported!;
  const { replacement, ...rest } = finding;
  if (file === spec.path) return { ...rest, ...(replacement !== undefined && { replacement }), range };
  if (finding.severity !== 'error') return undefined;
  const name = path.relative(path.dirname(spec.path), file);
  return { ...rest, what: `${name}, line ${range.start.line + 1}: ${finding.what}` };
}
