import { resolve } from 'node:path';
import { renderText } from '../../engine/report/text.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { existingFile, shownPath, threadCount, wholeNumber } from '../paths.ts';
import { runContext } from '../run-context.ts';
import { severitiesOf, severityOption } from '../severities.ts';
import { measuredJobOf, openSpec } from '../spec.ts';

export const quantize = defineCommand({
  name: 'quantize',
  summary: 'calibrate, compress, export, verify in the runtime, report',
  description: `Carries out a spec. Paths in it start from its own folder, and outputs stay in that folder unless --out gathers
    them elsewhere. A file appears whole or not at all, and only after ONNX Runtime has run the exported model.
    Exit code 1 if an expectation or a budget of the spec does not hold.`,
  arguments: [{ name: 'SPEC', description: 'a .qspec file' }],
  options: {
    out: { type: 'string', value: 'DIR', description: 'Gather every output in this folder.' },
    'external-data': { type: 'boolean', description: 'Write weights to a file of their own beside each model.' },
    samples: {
      type: 'string',
      value: 'N',
      description: 'Measure accuracy on the first N samples only; 0: not at all.',
    },
    threads: { type: 'string', value: 'N', description: 'Threads to compute with (default: one a processor).' },
    severity: severityOption,
    json: jsonOption,
  },
  examples: [
    {
      line: 'qspec quantize model.qspec',
      does: 'writes the exports that the spec names, and a report beside the first',
    },
    { line: 'qspec quantize model.qspec --out build', does: 'writes the same files to build/' },
  ],
  async run({ positionals, options, terminal, progress }) {
    const path = existingFile(positionals[0]!, 'spec');
    const outFolder = options.out === undefined ? undefined : resolve(options.out);
    const samples = wholeNumber(options.samples, 'samples', 0);
    const threads = threadCount(options.threads);
    const context = runContext(progress, threads);
    const opened = await openSpec(path, { outFolder, severities: severitiesOf(options.severity) });
    const { job, findings } = await measuredJobOf(opened, context);
    for (const finding of findings) terminal.finding({ file: path, ...finding });
    if (job === undefined) {
      return { exitCode: 1, json: { ok: false, findings }, text: () => 'The spec has errors; nothing was run.' };
    }
    const { report, passed, written } = await quantizeJob(job, context, {
      write: true,
      ...(outFolder !== undefined && { outFolder }),
      ...(options['external-data'] && { externalData: 'always' as const }),
      ...(samples !== undefined && { evaluationSamples: samples }),
    });
    // What a recipe chose is part of the answer; other remarks stand in the report.
    const told = report.findings.filter(
      ({ severity, code }) => severity === 'error' || severity === 'warning' || code.startsWith('auto/'),
    );
    for (const finding of told) terminal.finding(finding);
    return {
      exitCode: passed ? 0 : 1,
      json: { ok: passed, report, written },
      text: () =>
        renderText(
          { ...report, files: report.files.map((file, i) => ({ ...file, path: shownPath(written[i] ?? file.path) })) },
          { style: terminal.outStyle, width: terminal.columns, layers: 40 },
        ),
    };
  },
});
