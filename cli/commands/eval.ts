import type { Job } from '../../engine/plan.ts';
import { accuracyLines, judgementLine } from '../../engine/report/text.ts';
import type { RunContext } from '../../engine/run/context.ts';
import { evaluateModel } from '../../engine/run/evaluate-model.ts';
import { quantizeJob } from '../../engine/run/quantize.ts';
import { type CommandResult, defineCommand, jsonOption, UsageError } from '../command.ts';
import { existingFile, shownPath, threadCount, wholeNumber } from '../paths.ts';
import { runContext } from '../run-context.ts';
import { measuredJobOf, openSpec } from '../spec.ts';
import type { Terminal } from '../terminal.ts';

export const evalCommand = defineCommand({
  name: 'eval',
  summary: 'accuracy before and after, on the data of a spec',
  description: `Of a spec: compresses in memory and measures float and compressed on its validation data; nothing is written, and its
    expectations are judged. Of a model: measures it on the data of --data SPEC against that spec's own model. Accuracy
    needs labels; without them agreement and SQNR are given. What is compressed runs in ONNX Runtime.`,
  arguments: [{ name: 'SPEC|MODEL', description: 'a .qspec or an .onnx file' }],
  options: {
    data: {
      type: 'string',
      value: 'SPEC',
      description: 'The spec whose validation data is used (default: SPEC itself).',
    },
    samples: { type: 'string', value: 'N', description: 'Only the first N samples.' },
    threads: { type: 'string', value: 'N', description: 'Threads to compute with (default: one a processor).' },
    json: jsonOption,
  },
  examples: [
    { line: 'qspec eval model.qspec', does: 'measures before and after, writes nothing' },
    { line: 'qspec eval out/model.int8.onnx --data model.qspec', does: 'measures a file that is there already' },
  ],
  async run({ positionals, options, terminal, progress }): Promise<CommandResult> {
    const path = existingFile(positionals[0]!, 'spec or model');
    const samples = wholeNumber(options.samples, 'samples', 1);
    const context = runContext(progress, threadCount(options.threads));
    const isSpec = path.endsWith('.qspec');
    if (!isSpec && options.data === undefined) {
      throw new UsageError('A model needs data to be measured on.', 'Give --data SPEC.');
    }
    const own = isSpec ? await resolved(path, terminal, context) : undefined;
    if (own !== undefined && 'exitCode' in own) return own;
    const other =
      options.data === undefined ? own : await resolved(existingFile(options.data, 'spec'), terminal, context);
    if (other === undefined) throw new Error('neither a spec nor its data');
    if ('exitCode' in other) return other;
    if (own === undefined) return ofModel(path, other);

    const job: Job = { ...own, data: { ...own.data, ...pick(other) } };
    const { report, passed } = await quantizeJob(job, context, {
      write: false,
      // What only the report of a run shows is left out.
      layerSamples: 0,
      agreementSamples: 0,
      ...(samples !== undefined && { evaluationSamples: samples }),
    });
    // What a recipe chose is what was measured.
    for (const finding of report.findings.filter(({ code }) => code.startsWith('auto/'))) terminal.finding(finding);
    return {
      exitCode: passed ? 0 : 1,
      json: {
        ok: passed,
        accuracy: report.accuracy,
        size: report.size,
        expectations: report.expectations,
        targets: report.targets,
        verification: report.verification,
        findings: report.findings,
      },
      text: () =>
        [
          terminal.outStyle.bold(shownPath(path)),
          ...(report.accuracy
            ? accuracyLines(report.accuracy, terminal.outStyle)
            : ['  The spec has no data to measure on.']),
          ...report.expectations.map((item) => judgementLine(item, terminal.outStyle)),
        ].join('\n'),
    };

    async function ofModel(model: string, spec: Job): Promise<CommandResult> {
      const result = await evaluateModel(model, spec, context, samples);
      return {
        exitCode: 0,
        json: { ok: true, model, ...result },
        text: () =>
          [
            `${terminal.outStyle.bold(shownPath(model))} against ${shownPath(result.reference)}`,
            ...accuracyLines(result, terminal.outStyle),
          ].join('\n'),
      };
    }
  },
});

async function resolved(path: string, terminal: Terminal, context: RunContext): Promise<Job | CommandResult> {
  const { job, findings } = await measuredJobOf(await openSpec(path), context);
  for (const finding of findings) terminal.finding({ file: path, ...finding });
  return job ?? { exitCode: 1, json: { ok: false, findings }, text: () => 'The spec has errors; nothing was run.' };
}

/** The data to measure on comes from the other spec, the data to calibrate on from the spec itself. */
function pick(other: Job): Job['data'] {
  const { calibration: _, ...rest } = other.data;
  return rest;
}
