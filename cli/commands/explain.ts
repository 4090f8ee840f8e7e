import { fail } from '../../engine/findings.ts';
import { nearest } from '../../engine/nearest.ts';
import { visible } from '../../engine/report/escape.ts';
import { type Explanation, explain, howText } from '../../language/index.ts';
import { pruneText } from '../../language/resolve/prune.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { existingFile } from '../paths.ts';
import { findingsOf, openSpec } from '../spec.ts';

export const explainCommand = defineCommand({
  name: 'explain',
  summary: 'which rules decide what a layer gets',
  description: `Lists every statement of the spec that speaks of one layer, in the order of the file, and which of them decides
    each field: the last that is not held off by a lock.`,
  arguments: [
    { name: 'SPEC', description: 'a .qspec file' },
    { name: 'LAYER', description: 'the name of a layer, as `qspec inspect` lists it' },
  ],
  options: { json: jsonOption },
  examples: [{ line: 'qspec explain model.qspec /stem/Conv', does: 'shows the chain of rules for one layer' }],
  async run({ positionals, terminal }) {
    const [file, layer] = positionals as [string, string];
    const path = existingFile(file, 'spec');
    const opened = await openSpec(path);
    const errors = findingsOf(opened).filter(({ severity }) => severity === 'error');
    for (const finding of errors) terminal.finding({ file: path, ...finding });
    const { spec, context, summary } = opened;
    const explanation = explain(spec, context, layer);
    if (!explanation) {
      const names = summary?.layers.map(({ name }) => name) ?? [];
      if (summary && !names.includes(layer)) {
        const near = nearest(layer, names);
        fail('explain/layer', `The model has no layer “${visible(layer)}”.`, {
          file: path,
          ...(near === undefined ? {} : { fix: `Did you mean “${visible(near)}”?` }),
        });
      }
      if (errors.length === 0) {
        fail('explain/nothing', 'The spec has no quantize block, so nothing decides what layers get.', { file: path });
      }
      return { exitCode: 1, json: { findings: errors }, text: () => '' };
    }
    return {
      exitCode: errors.length > 0 ? 1 : 0,
      json: { ...explanation, findings: errors },
      text: () => explanationText(explanation, terminal.outStyle.bold),
    };
  },
});

const notes = {
  decides: '',
  overridden: ', set again later',
  'locked-out': ', held off by the lock',
  resets: ', put back',
} as const;

function explanationText(
  { layer, block, sayings, prune, train, choices }: Explanation,
  bold: (text: string) => string,
): string {
  const lines = [`${bold(visible(layer))}${block === undefined ? '' : `  block ${block}`}`, ''];
  if (sayings.length === 0) lines.push('  No statement of the spec speaks of it.');
  for (const { range, text, rule, changes } of sayings) {
    lines.push(`  line ${range.start.line + 1}: ${visible(rule === undefined ? text : `${rule} { ${text} }`)}`);
    for (const { role, field, value, outcome, lockedAt } of changes) {
      const where = lockedAt ? ` of line ${lockedAt.start.line + 1}` : '';
      lines.push(`    ${role} ${field}: ${value}${notes[outcome]}${where}`);
    }
  }
  lines.push('', '  It gets:');
  const roles = Object.entries(choices);
  if (prune) lines.push(`    prune: ${pruneText(prune)}`);
  if (train) lines.push(`    train: ${trainText(train)}`);
  if (roles.length === 0) lines.push('    float: no format is set for it, or it has no integer form.');
  for (const [role, choice] of roles) {
    if (!choice) continue;
    const { format, observer, method, origin } = choice;
    const words =
      format === 'float'
        ? 'float'
        : `${format} ${howText(choice)} observe ${observer.name}${method ? ` using ${method.name}` : ''}`;
    lines.push(`    ${role}: ${words}${origin.format ? ` (line ${origin.format.start.line + 1})` : ''}`);
  }
  return lines.join('\n');
}

function trainText({ rate, decay, frozen }: NonNullable<Explanation['train']>): string {
  if (frozen) return 'frozen';
  return [rate === undefined ? '' : `rate ${rate}`, decay === undefined ? '' : `decay ${decay}`]
    .filter(Boolean)
    .join(', ');
}
