import { defineCommand, jsonOption } from '../command.ts';
import { countFindings } from '../findings.ts';
import { existingFile, shownPath } from '../paths.ts';
import { severitiesOf, severityOption } from '../severities.ts';
import { findingsOf, openSpec } from '../spec.ts';

export const check = defineCommand({
  name: 'check',
  summary: 'what is wrong with a spec, with file, line and column',
  description: `Gives the findings that the editor gives, without running anything: syntax, names that are not in the model,
    rules that match nothing, wrong units, missing files. Exit code 1 if there is an error.`,
  arguments: [{ name: 'SPEC', description: 'a .qspec file' }],
  options: { severity: severityOption, json: jsonOption },
  examples: [
    { line: 'qspec check model.qspec', does: 'prints findings, or that there are none' },
    { line: 'qspec check model.qspec --severity rule/no-effect=error', does: 'fails where a rule changes nothing' },
  ],
  async run({ positionals, options, terminal }) {
    const path = existingFile(positionals[0]!, 'spec');
    const opened = await openSpec(path, { severities: severitiesOf(options.severity) });
    const findings = findingsOf(opened);
    for (const finding of findings) terminal.finding({ file: path, ...finding });
    const failed = findings.some((finding) => finding.severity === 'error');
    return {
      exitCode: failed ? 1 : 0,
      json: { ok: !failed, findings },
      text: () => {
        const counted = countFindings(findings);
        const layers = opened.summary ? `, ${opened.summary.totals.layers} layers` : '';
        return counted === '' ? `${shownPath(path)}: nothing wrong${layers}.` : `${shownPath(path)}: ${counted}.`;
      },
    };
  },
});
