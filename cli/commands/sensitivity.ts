import { measuredSamples } from '../../engine/measurements/key.ts';
import { measurementsOf } from '../../engine/measurements/measurements.ts';
import { decibels } from '../../engine/report/quantities.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { measureSensitivity, type SensitivityEntry, type SensitivityReport } from '../../engine/run/sensitivity.ts';
import { type CommandResult, defineCommand, jsonOption } from '../command.ts';
import { existingFile, shownPath, threadCount, wholeNumber } from '../paths.ts';
import { runContext } from '../run-context.ts';
import { jobOf, keep, openSpec } from '../spec.ts';
import type { Style } from '../terminal.ts';

export const sensitivity = defineCommand({
  name: 'sensitivity',
  summary: 'which layers quantisation costs most',
  description: `Of a spec with calibration data: quantises one layer at a time as planned, everything else in float, and compares
    the model's outputs with the float model's. Of a model, or without data: rounds each layer's weights (int8 per channel, or
    as planned) and compares them with the float ones; nothing is run. Few decibels: sensitive. Nothing is written.`,
  arguments: [{ name: 'SPEC|MODEL', description: 'a .qspec or an .onnx file' }],
  options: {
    samples: { type: 'string', value: 'N', description: 'Samples that are run for each layer (default: 16).' },
    threads: { type: 'string', value: 'N', description: 'Threads to compute with (default: one a processor).' },
    json: jsonOption,
  },
  examples: [
    { line: 'qspec sensitivity model.qspec', does: 'quantises one layer at a time, on the calibration data' },
    { line: 'qspec sensitivity model.onnx', does: 'looks at the weights alone, at once' },
  ],
  async run({ positionals, options, terminal, progress }): Promise<CommandResult> {
    const path = existingFile(positionals[0]!, 'spec or model');
    const samples = wholeNumber(options.samples, 'samples', 1);
    const context = runContext(progress, threadCount(options.threads));
    if (!path.endsWith('.qspec')) return answer(await measureSensitivity(path, undefined, context, samples));
    // Sensitivity is that of the spec without the rules that ask for it.
    const opened = await openSpec(path);
    const { measurements: _, ...unmeasured } = opened.context;
    const { job: whole, pending, findings } = jobOf({ ...opened, context: unmeasured });
    const job = pending ?? whole;
    // That something is not measured is what this command is for.
    const told = findings.filter(({ code }) => code !== 'rule/pending');
    for (const finding of told) terminal.finding({ file: path, ...finding });
    if (job === undefined) {
      return { exitCode: 1, json: { ok: false, findings }, text: () => 'The spec has errors; nothing was measured.' };
    }
    const report = await measureSensitivity(job.model, job, context, samples);
    if (pending && (samples ?? measuredSamples) === measuredSamples) await keep(pending, measurementsOf(report));
    return answer(report);

    function answer(report: SensitivityReport): CommandResult {
      const style = terminal.outStyle;
      return {
        exitCode: 0,
        json: { ok: true, path, ...report },
        text: () =>
          [`${style.bold(shownPath(path))}  ${style.dim(basisOf(report))}`, '', ...table(report, style)].join('\n'),
      };
    }
  },
});

function basisOf({ basis, data, samples }: SensitivityReport): string {
  return basis === 'weights'
    ? 'signal to noise of each layer’s weights alone; no data was run'
    : `signal to noise at the outputs with one layer quantised at a time, ${samples} samples of “${data}”`;
}

/** Most sensitive first; equals stay in the graph's order. */
function table({ layers }: SensitivityReport, style: Style): string[] {
  if (layers.length === 0) return ['  No layer is held in codes.'];
  const value = ({ sqnr }: SensitivityEntry) => sqnr ?? Number.POSITIVE_INFINITY;
  return textTable(
    [
      { title: 'layer', max: 40 },
      { title: 'operator', max: 18 },
      { title: 'weights' },
      { title: 'output' },
      { title: 'SQNR', align: 'right' },
      { title: 'noise' },
    ],
    layers
      .toSorted((a, b) => value(a) - value(b) || 0)
      .map((entry) => [
        entry.layer,
        entry.op,
        entry.weight ?? '–',
        entry.output ?? '–',
        entry.sqnr === null ? 'exact' : decibels(entry.sqnr),
        bar(value(entry)),
      ]),
    style,
  );
}

const cells = 20;
/** Decibels at which the bar is full, and at which it is empty: the same in every table, so that tables can be compared. */
const [loud, silent] = [10, 60];

function bar(sqnr: number): string {
  const share = Math.min(1, Math.max(0, (silent - sqnr) / (silent - loud)));
  return '█'.repeat(Math.round(share * cells));
}
